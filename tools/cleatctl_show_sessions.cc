// SPDX-License-Identifier: MIT
// ICE sessions, as a table and in words.
#include <nlohmann/json.hpp>

#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_show.h"
#include "tools/cleatctl_table.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;

std::string joined(const Json& texts) {
  std::string all;
  for (const Json& one : texts) all += (all.empty() ? "" : ", ") + text(one);
  return all;
}

std::string passwords_text(const Json& session) {
  std::string known;
  for (const auto& [whose, is_known] : session.at("passwords").items())
    if (is_known.get<bool>()) known += (known.empty() ? "" : ", ") + whose;
  return known;
}

// "192.0.2.7:5555 (proven, heard 250 ms ago)"
std::string address_text(const Json& address) {
  return text(address.at("client")) + (address.at("proven").get<bool>() ? " (proven" : " (unproven") +
         ", heard " + text(address.at("idle_ms")) + " ms ago)";
}

// Why the server of a session is its server, by the rung that found it.
std::string reason_of(const std::string& rung) {
  if (rung == "told") return "whoever uses the API told Cleat so";
  if (rung == "ufrag")
    return "the server's half of the USERNAME holds that server's number (ice_ufrag of the pool)";
  if (rung == "whip") return "that server's WHIP or WHEP answer gave out this USERNAME when it crossed Cleat";
  if (rung == "asked") return "of all servers that were asked, it is the one that knew this USERNAME";
  if (rung == "hash")
    return "nothing named a server, so the hash of the USERNAME's server half picked one, right or wrong";
  return "nothing named a server, so the client's address and port picked one, right or wrong";
}

std::string replies_text(const Json& session) {
  const std::string server = text(session.at("backend"));
  if (session.at("client").is_null())
    return session.at("lip").is_null() ? "Cleat keeps no address of its client: none has come yet, or " +
                                             server + " answers clients itself (forward: dsr)."
                                       : "Its client's address is changing just now.";
  std::string current, others;
  for (const Json& address : session.at("addresses"))
    if (address.at("current").get<bool>())
      current = address_text(address);
    else
      others += (others.empty() ? "" : ", ") + address_text(address);
  std::string out = "What the server sends to " + text(session.at("lip")) + " goes to " + current + ".";
  if (!others.empty()) out += " Answers to their own checks go to " + others + ".";
  const auto moves = session.at("moves").get<uint64_t>();
  if (moves > 0)
    out += " The way back moved " + (moves == 1 ? std::string("once") : std::to_string(moves) + " times") +
           ", the last time after " + text(session.at("gap_ms")) + " ms of silence.";
  return out;
}

}  // namespace

std::string show_sessions(const Json& sessions) {
  Table table({"username", "services", "backend", "rung", "lip", "client", "moves>", "gap ms>", "longest>",
               "bytes in>", "bytes out>", "age", "passwords"});
  Table addresses({"username", "address", "vip", "current", "proven", "nominated", "idle ms>"});
  for (const Json& session : sessions.at("sessions")) {
    table.add({text(session.at("username")), joined(session.at("services")), text(session.at("backend")),
               text(session.at("rung")), text(session.at("lip")), text(session.at("client")),
               text(session.at("moves")), text(session.at("gap_ms")), text(session.at("longest_gap_ms")),
               text(session.at("bytes_in")), text(session.at("bytes_out")),
               duration(session.at("age_s").get<uint64_t>()), passwords_text(session)});
    for (const Json& address : session.at("addresses"))
      addresses.add({text(session.at("username")), text(address.at("client")), text(address.at("vip")),
                     text(address.at("current")), text(address.at("proven")), text(address.at("nominated")),
                     text(address.at("idle_ms"))});
  }
  return table.text() + "\n" + addresses.text() +
         (sessions.at("next").is_null() ? "" : "more with --limit\n");
}

std::string why_sessions(const Json& sessions) {
  std::string out;
  for (const Json& session : sessions.at("sessions")) {
    const std::string pool = text(session.at("pool"));
    out += (out.empty() ? "" : "\n") + text(session.at("username")) + " is on " +
           text(session.at("backend")) + (pool.empty() ? "" : " of pool " + pool) + " (rung " +
           text(session.at("rung")) + "): " + reason_of(text(session.at("rung"))) + ".\n" +
           replies_text(session) + "\n";
  }
  return out;
}

}  // namespace cleatctl
