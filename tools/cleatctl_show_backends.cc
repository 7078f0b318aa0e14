// SPDX-License-Identifier: MIT
// Pools and backends: who takes new sessions, and why another does not.
#include <nlohmann/json.hpp>

#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_show.h"
#include "tools/cleatctl_table.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;

std::string check_text(const Json& health) {
  if (health.is_null()) return "none";
  const std::string port = health.contains("port") ? " port " + text(health.at("port")) : "";
  std::string kind = health.contains("http") ? "http " + text(health.at("http")) : "tcp";
  for (const char* other : {"udp", "icmp"})
    if (health.contains(other)) kind = other;
  return kind + port + " every " + text(health.at("interval_ms")) + " ms";
}

// Since when it is in its state, at the wall and until now.
std::string since_text(const Json& backend) {
  const Json& health = backend.at("health");
  if (health.is_null()) return "";
  return text(health.at("since")) + " (" + duration(health.at("for_s").get<uint64_t>()) + ")";
}

// Why it does not take its whole weight, or may not for long.
std::string why_text(const Json& backend, bool panic) {
  constexpr uint64_t kShownS = 60;  // of a suspicion that a check has answered
  std::string why;
  const auto say = [&why](const std::string& what) { why += (why.empty() ? "" : "; ") + what; };
  if (const Json& health = backend.at("health"); !health.is_null()) {
    if (!health.at("down_reason").is_null()) say(text(health.at("down_reason")));
    if (!health.at("down_reason").is_null() && panic) say("ignored, see panic");
    if (health.at("healthy").get<bool>() && !health.at("reason").get<std::string>().empty())
      say("last check: " + text(health.at("reason")));
    if (!health.at("not_done").is_null()) say("check not possible: " + text(health.at("not_done")));
    const Json& suspected = health.at("suspected");
    if (!suspected.is_null() &&
        (suspected.at("open").get<bool>() || suspected.at("age_s").get<uint64_t>() < kShownS))
      say("suspected " + duration(suspected.at("age_s").get<uint64_t>()) +
          " ago: " + text(suspected.at("reason")));
  }
  if (const Json& start = backend.at("slow_start"); !start.is_null())
    say("slow start, " + duration(start.at("remaining_s").get<uint64_t>()) + " left");
  return why;
}

// A line for each pool whose health is ignored.
std::string panics(const Json& pools) {
  std::string out;
  for (const Json& pool : pools.at("pools"))
    if (pool.at("panic").get<bool>())
      out += "PANIC in pool " + text(pool.at("pool")) + ": " + text(pool.at("backends_down")) + " of " +
             text(pool.at("backends_eligible")) + " backends are down (threshold " +
             text(pool.at("panic_threshold")) + "): health is ignored, all of them are tried\n";
  return out;
}

std::string weight_text(const Json& backend) {
  const std::string weight = text(backend.at("weight"));
  if (backend.at("added").get<bool>()) return weight + " (added)";
  return backend.at("weight") == backend.at("config_weight")
             ? weight
             : weight + " (file: " + text(backend.at("config_weight")) + ")";
}

}  // namespace

std::string show_pools(const Json& pools) {
  Table table({"pool", "pick", "backends>", "taking>", "down>", "flows>", "check"});
  for (const Json& pool : pools.at("pools")) {
    uint64_t taking = 0, flows = 0;
    for (const Json& backend : pool.at("backends")) {
      taking += backend.at("effective_weight").get<double>() > 0 ? 1 : 0;
      flows += backend.at("flows_open").get<uint64_t>();
    }
    table.add({text(pool.at("pool")), text(pool.at("pick")), std::to_string(pool.at("backends").size()),
               std::to_string(taking), text(pool.at("backends_down")), std::to_string(flows),
               check_text(pool.at("health"))});
  }
  return panics(pools) + table.text();
}

std::string show_backends(const Json& pools) {
  Table table({"pool", "backend", "state", "since", "falls>", "weight>", "effective>", "flows>", "opened>",
               "drain", "why"});
  for (const Json& pool : pools.at("pools"))
    for (const Json& b : pool.at("backends"))
      table.add({text(pool.at("pool")), text(b.at("backend")), text(b.at("state")), since_text(b),
                 b.at("health").is_null() ? "" : text(b.at("health").at("falls")), weight_text(b),
                 text(b.at("effective_weight")), text(b.at("flows_open")), text(b.at("flows_opened")),
                 drain_text(b), why_text(b, pool.at("panic").get<bool>())});
  return panics(pools) + table.text();
}

}  // namespace cleatctl
