// SPDX-License-Identifier: MIT
// Streams and the services that read them, as tables and in words.
#include <nlohmann/json.hpp>

#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_show.h"
#include "tools/cleatctl_table.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;

std::string known_text(const Json& where) {
  const Json& known = where.at("known");
  if (known.is_null()) return "Nobody published or played it through this Cleat within the last minute.\n";
  const bool published = known.at("published").get<bool>();
  return text(known.at("backend")) + " has it" + (published ? ", and somebody publishes it there" : "") +
         "; last seen " + duration(known.at("seen_s").get<uint64_t>()) + " ago" +
         (known.at("takes_new").get<bool>() ? ""
                                            : ". That backend takes no new sessions: cleatctl backend show") +
         ".\n";
}

std::string left_text(const Json& next) {
  const std::string left = text(next.at("left"));
  if (left == "gone") return "the backend that had it is not of the pool any more, or cannot be reached; ";
  if (left == "silent") return "the backend that had it answers nothing; ";
  if (left == "drained") return "the backend that had it takes no new sessions, and nobody publishes there; ";
  return "";
}

std::string next_text(const std::string& who, const Json& next) {
  const std::string reason = text(next.at("reason"));
  std::string out = "The next " + who;
  if (reason == "nobody")
    return out + " would be reset: " + left_text(next) + "no backend takes new sessions.\n";
  out += " goes to " + text(next.at("backend")) + ": " + left_text(next);
  if (reason == "known") return out + "it has the stream.\n";
  if (reason == "hash") return out + "the hash of the stream's name falls on it.\n";
  return out + "the hash of the stream's name falls on " + text(next.at("by_hash")) +
         ", which has more than its share of connections.\n";
}

}  // namespace

std::string show_streams(const Json& streams) {
  const std::string table = plain_table(streams.at("streams"), {{"stream", "stream"},
                                                                {"pool", "pool"},
                                                                {"backend", "backend"},
                                                                {"published", "published"},
                                                                {"seen s>", "seen_s"}});
  return streams.at("next").is_null() ? table : table + "more with --limit\n";
}

std::string where_stream(const Json& where) {
  return "Clients of service " + text(where.at("service")) + " that ask for it mean " +
         text(where.at("stream")) + " of pool " + text(where.at("pool")) +
         (where.at("route").is_null() ? ", the service's own.\n"
                                      : ", by its route " + text(where.at("route")) + ".\n") +
         known_text(where) + next_text("publisher", where.at("publisher")) +
         next_text("player", where.at("player"));
}

std::string show_stream_counts(const Json& stats) {
  const Json &peeks = stats.at("peeks"), &streams = stats.at("streams");
  CountTable table("streams", "count");
  table.add("known now, of " + text(streams.at("room")), streams.at("in_use"));
  for (const auto& [key, label] : {std::pair{"learned", "learned from servers"},
                                   {"moved", "moved by what servers say"},
                                   {"conflicts", "claimed by two servers"},
                                   {"not_learned", "not learned: no room"}})
    table.add(label, streams.at(key));
  table.add("requests to servers, failed", streams.at("polls").at("failed"));
  table.add("connections being read now, of " + text(peeks.at("room")), peeks.at("in_use"));
  for (const auto& [key, label] : {std::pair{"syns", "SYNs answered"},
                                   {"began", "clients that said something"},
                                   {"joined", "connections joined to their server"},
                                   {"repeated", "repeats of Cleat's own"},
                                   {"bytes", "bytes read"},
                                   {"later_requests", "later requests on these"},
                                   {"led_elsewhere", "reset, for another server's stream"}})
    table.add(label, peeks.at(key));
  for (const auto& [end, count] : peeks.at("ends").items())
    if (end != "joined") table.add("ended, " + end, count);
  for (const auto& [key, label] : {std::pair{"inductions", "SRT, inductions answered"},
                                   {"asked", "SRT, cookies asked of servers"},
                                   {"opened", "SRT, connections opened"},
                                   {"refused", "SRT, connections refused by servers"},
                                   {"moved", "SRT, moves to another address"},
                                   {"unmovable", "SRT, connections that cannot move"}})
    table.add(label, stats.at("srt").at(key));
  return table.text();
}

std::string show_rules(const Json& services) {
  Table table({"streams of service", "of vhost", "of app", "go to pool"});
  bool any = false;
  for (const Json& service : services.at("services")) {
    if (service.at("routes").is_null()) continue;
    for (const Json& route : service.at("routes")) {
      any = true;
      table.add({text(service.at("service")), route.contains("vhost") ? text(route.at("vhost")) : "(default)",
                 route.contains("app") ? text(route.at("app")) : "(all)", text(route.at("pool"))});
    }
  }
  return any ? "\n" + table.text() : "";
}

}  // namespace cleatctl
