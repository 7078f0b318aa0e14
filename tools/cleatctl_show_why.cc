// SPDX-License-Identifier: MIT
// Why a flow is on its backend, and where a new one would go, in an operator's words.
#include <nlohmann/json.hpp>

#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_show.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;

std::string pinned_text(const Json& why, const Json& flow) {
  const std::string by = text(flow.at("pinned_by"));
  if (by == "session")
    return "It carries the session " + text(flow.at("session")) + ", which is there by rung " +
           text(flow.at("rung")) + " and " + duration(flow.at("age_s").get<uint64_t>()) +
           " old: cleatctl session why " + text(flow.at("session")) + ".";
  if (by == "connection_id") return "A connection id named that backend, beside the tuple's own flow.";
  if (by == "first_packet")
    return why.at("affinity") == "ice"
               ? "The first check from there named or got that backend."
               : "Its first packet's connection id named that backend, or named nobody and " +
                     text(why.at("pick")) + " picked it.";
  if (by == "stream")
    return flow.at("stream").is_null()
               ? "It asked for something that any backend has, or for a stream that is forgotten by now."
               : "It asked for stream " + text(flow.at("stream")) + ": cleatctl stream where " +
                     text(why.at("service")) + " " + text(flow.at("stream")) + ".";
  if (by == "client") return "All flows of this client in the pool go there (affinity source-ip).";
  return text(why.at("pick")) + " picked it when the flow opened.";
}

std::string flow_text(const Json& why, const Json& flow) {
  std::string out = "Its flow is on " + text(flow.at("backend"));
  if (!flow.at("lip").is_null()) out += ", which sees it as " + text(flow.at("lip"));
  if (!flow.at("state").is_null()) out += "; " + text(flow.at("state"));
  out += ", idle for " + text(flow.at("idle_s")) + " s. " + pinned_text(why, flow);
  return out + " A flow keeps its backend until it ends, whatever becomes of weights and health.\n";
}

std::string new_text(const Json& why) {
  const Json& next = why.at("new_flow");
  const std::string on = text(next.at("depends_on")), backend = text(next.at("backend"));
  std::string out = why.at("flows").empty() ? "No flow is known. A new one " : "A new one from there ";
  if (on == "nobody") return out + "would be dropped as no_backend: no backend takes new sessions.\n";
  if (on == "client")
    return out + "would go to " + backend +
           ": the client has its place there (affinity source-ip), last used " +
           duration(next.at("client_idle_s").get<uint64_t>()) + " ago.\n";
  if (on == "session")
    return out +
           "is opened by a check of ICE alone, and goes where its USERNAME's session is: "
           "cleatctl session show.\n";
  if (on == "stream")
    return out + "goes where the stream is that it asks for: cleatctl stream where " +
           text(why.at("service")) + " STREAM.\n";
  if (on == "turn") return out + "would go to whose turn it is (pick wrr).\n";
  if (on == "load")
    return out + "would go to the less loaded of two backends that are drawn by weight (pick least-load).\n";
  out += "would go to " + backend + ": ";
  if (on == "only") out += "no other takes new sessions";
  if (on == "hash") out += "the hash of client and service falls on it (pick maglev)";
  if (on == "network") out += "the hash of the client falls on it (pick maglev, affinity source-ip)";
  const bool ids = why.at("affinity") == "quic" || why.at("affinity") == "dtls";
  return out + (ids ? ", unless a connection id names another.\n" : ".\n");
}

// Why a backend takes no new sessions; "" if it does.
std::string exclusion(const Json& backend) {
  if (backend.at("effective_weight") != 0) return "";
  const std::string name = text(backend.at("backend"));
  if (!backend.at("drain").is_null()) {
    const std::string since =
        backend.at("drain").contains("since") ? text(backend.at("drain").at("since")) : "";
    return name + " drains" + (since.empty() ? "" : " since " + since) + " (" + drain_text(backend) + ")";
  }
  if (backend.at("weight") == 0)
    return name + " has weight 0 " + (backend.at("override_weight").is_null() ? "(file)" : "(an operator's)");
  const Json& health = backend.at("health");
  if (health.is_null() || health.at("healthy").get<bool>()) return name + " has no weight";
  return name + " is down since " + text(health.at("since")) + " (" +
         duration(health.at("for_s").get<uint64_t>()) + "): " + text(health.at("down_reason"));
}

std::string exclusions_text(const Json& why) {
  std::string out;
  size_t excluded = 0;
  for (const Json& backend : why.at("backends")) {
    const std::string one = exclusion(backend);
    if (one.empty()) continue;
    ++excluded;
    out += (out.empty() ? "" : "; ") + one;
  }
  const size_t all = why.at("backends").size();
  if (why.at("panic").get<bool>())
    return "Health is ignored in this pool now (panic): too many of its backends are down." +
           (out.empty() ? std::string() : " No new sessions: " + out + ".") + "\n";
  if (excluded == 0) return "All " + std::to_string(all) + " backends of the pool take new sessions.\n";
  return std::to_string(all - excluded) + " of " + std::to_string(all) +
         " backends take new sessions. Not: " + out + ".\n";
}

}  // namespace

std::string why_flow(const Json& why) {
  std::string out = text(why.at("client")) + " to " + text(why.at("vip")) + "/" + text(why.at("protocol")) +
                    " is service " + text(why.at("service")) + ": forward " + text(why.at("forward")) +
                    ", affinity " + text(why.at("affinity")) + ", pool " + text(why.at("pool")) + ", pick " +
                    text(why.at("pick")) + ".\n";
  for (const Json& flow : why.at("flows")) out += flow_text(why, flow);
  return out + new_text(why) + exclusions_text(why);
}

}  // namespace cleatctl
