// SPDX-License-Identifier: MIT
#include "tools/cleatctl_show.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/config_text.h"
#include "tools/cleatctl_json_table.h"
#include "tools/cleatctl_table.h"

namespace cleatctl {
namespace {

using Json = nlohmann::ordered_json;

std::string traffic_table(const Json& rows, const std::vector<std::string>& names) {
  std::vector<std::string> titles = names;
  for (const char* title : {"pkts in>", "bytes in>", "pkts out>", "bytes out>", "opened>", "open>"})
    titles.emplace_back(title);
  Table table(titles);
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const std::string& name : names) cells.push_back(text(row.at(name)));
    for (const char* field :
         {"packets_in", "bytes_in", "packets_out", "bytes_out", "flows_opened", "flows_open"})
      cells.push_back(text(row.at(field)));
    table.add(std::move(cells));
  }
  return table.text();
}

std::string connection_ids_table(const Json& ids) {
  CountTable table("connection ids", "packets");
  for (const auto& [config, packets] : ids.at("routed").items())
    table.add("routed, config_id " + config, packets);
  for (const auto& [reason, packets] : ids.at("unroutable").items())
    table.add("unroutable, " + reason, packets);
  table.add("flows opened by an id", ids.at("moves"));
  return table.text();
}

std::string sessions_table(const Json& sessions) {
  CountTable table("sessions", "count");
  for (const auto& [rung, count] : sessions.at("opened").items()) table.add("opened, by " + rung, count);
  for (const auto& [key, label] : {std::pair{"learned", "learned from WHIP"},
                                   {"not_learned", "not learned: no room"},
                                   {"conflicts", "not learned: another server's"},
                                   {"asked", "requests to find an owner"},
                                   {"asks_refused", "checks not asked about: budget"},
                                   {"pushed_out", "unanswered, pushed out"},
                                   {"attached", "addresses attached"},
                                   {"bridged", "packets bridged before proof"},
                                   {"challenges", "challenges"},
                                   {"challenges_withheld", "challenges withheld: budget"}})
    table.add(label, sessions.at(key));
  for (const auto& [kind, count] : sessions.at("moves").items()) table.add("moves, " + kind, count);
  for (const auto& [reason, count] : sessions.at("moves_refused").items())
    table.add("moves refused, " + reason, count);
  for (const Json& gap : sessions.at("gaps"))
    table.add(gap.at("up_to_ms").is_null()
                  ? "moves after longer silence"
                  : "moves after up to " + text(gap.at("up_to_ms")) + " ms of silence",
              gap.at("moves"));
  return table.text();
}

}  // namespace

std::string drain_text(const Json& backend) {
  const Json& drain = backend.at("drain");
  if (drain.is_null()) return "";
  const std::string flows = text(drain.at("flows_open")) + " flows left";
  if (drain.at("deadline_passed").get<bool>()) return "deadline passed, " + flows;
  if (drain.at("remaining_s").is_null()) return flows;
  return duration(drain.at("remaining_s").get<uint64_t>()) + ", " + flows;
}

std::string show_status(const Json& status) {
  Table table({"field", "value"});
  for (const char* field : {"version", "generation"}) table.add({field, text(status.at(field))});
  table.add({"uptime", duration(status.at("uptime_s").get<uint64_t>())});
  table.add({"config file", text(status.at("config_file"))});
  for (const char* field : {"workers", "services", "pools"}) table.add({field, text(status.at(field))});
  for (const Json& pool : status.at("panic"))
    table.add({"PANIC", "health is ignored in pool " + text(pool) + ": cleatctl pool show"});
  const Json& checks = status.at("health_checks");
  table.add({"health checks", text(checks.at("running")) + " under way, " + text(checks.at("waiting")) +
                                  " waiting (at most " + text(checks.at("at_once")) + " at once)"});
  const Json& reload = status.at("last_reload");
  if (reload.is_null())
    table.add({"last reload", "none"});
  else
    table.add(
        {"last reload", text(reload.at("at")) +
                            (reload.at("ok").get<bool>() ? " ok" : " refused: " + text(reload.at("error")))});
  if (!status.at("publish_error").is_null()) table.add({"not in force", text(status.at("publish_error"))});
  return table.text();
}

std::string show_services(const Json& services) {
  return plain_table(services.at("services"), {{"service", "service"},
                                               {"vip", "vip"},
                                               {"protocol", "protocol"},
                                               {"port>", "port"},
                                               {"pool", "pool"},
                                               {"forward", "forward"},
                                               {"affinity", "affinity"},
                                               {"taking>", "backends_taking"},
                                               {"of>", "backends"},
                                               {"flows>", "flows_open"},
                                               {"bytes in>", "bytes_in"},
                                               {"bytes out>", "bytes_out"}}) +
         show_rules(services);
}

std::string show_config(const Json& config) {
  std::string out = control::yaml_text(config.at("config"));
  if (config.at("overrides").empty()) return out;
  Table table({"# changed by an operator: pool", "backend", "change"});
  for (const Json& row : config.at("overrides")) {
    std::string change;
    const auto say = [&change](const std::string& what) { change += (change.empty() ? "" : ", ") + what; };
    if (row.contains("added")) say("added");
    if (row.contains("weight")) say("weight " + text(row.at("weight")));
    if (row.contains("drain")) say("drain" + (drain_text(row).empty() ? "" : " (" + drain_text(row) + ")"));
    table.add({"# " + text(row.at("pool")), text(row.at("backend")), change});
  }
  return out + "\n" + table.text();
}

std::string show_stats(const Json& stats) {
  std::string out = plain_table(stats.at("ports"), {{"port", "port"},
                                                    {"rx pkts>", "rx_packets"},
                                                    {"rx bytes>", "rx_bytes"},
                                                    {"tx pkts>", "tx_packets"},
                                                    {"tx bytes>", "tx_bytes"},
                                                    {"punted>", "punted"},
                                                    {"from kernel>", "from_kernel"}});
  out += "\n" + plain_table(stats.at("workers"), {{"worker>", "worker"},
                                                  {"rx pkts>", "rx_packets"},
                                                  {"tx pkts>", "tx_packets"},
                                                  {"dropped>", "dropped"},
                                                  {"held>", "held"},
                                                  {"hits>", "flow_hits"},
                                                  {"misses>", "flow_misses"},
                                                  {"relocations>", "relocations"},
                                                  {"busy>", "busy_bursts"},
                                                  {"idle>", "idle_polls"}});
  if (const std::string load = show_load(stats); !load.empty()) out += "\n" + load;
  out += "\n" + traffic_table(stats.at("services"), {"service"});
  out += "\n" + traffic_table(stats.at("backends"), {"pool", "backend"});
  out += connection_ids_table(stats.at("connection_ids"));
  out += sessions_table(stats.at("sessions"));
  out += show_stream_counts(stats);
  Json drops = Json::array();
  for (const Json& drop : stats.at("drops"))
    if (drop.at("packets") != 0) drops.push_back(drop);
  if (drops.empty()) return out + "\nno drops\n";
  return out + "\n" + plain_table(drops, {{"drop", "reason"}, {"packets>", "packets"}, {"meaning", "text"}});
}

std::string show_flows(const Json& flows) {
  std::vector<std::pair<std::string, std::string>> columns = {
      {"service", "service"}, {"protocol", "protocol"}, {"client", "client"},
      {"vip", "vip"},         {"lip", "lip"},           {"backend", "backend"},
      {"state", "state"},     {"idle s>", "idle_s"},    {"session", "session"}};
  const Json& rows = flows.at("flows");
  if (std::any_of(rows.begin(), rows.end(), [](const Json& flow) { return !flow.at("stream").is_null(); })) {
    columns.emplace_back("stream", "stream");
    columns.emplace_back("publishes", "publishes");
  }
  const std::string table = plain_table(rows, columns);
  return flows.at("next").is_null() ? table : table + "more with --limit\n";
}

std::string show_ports(const Json& ports) {
  const auto list = [](const Json& names) {
    std::string all;
    for (const Json& name : names) all += (all.empty() ? "" : " ") + text(name);
    return all.empty() ? "none" : all;
  };
  Table table({"port", "link", "Mbit/s>", "driver", "device", "mac", "mtu>", "queues>", "numa>"});
  std::string granted;
  for (const Json& port : ports.at("ports")) {
    table.add({text(port.at("port")), text(port.at("link")), text(port.at("speed_mbps")),
               text(port.at("driver")), text(port.at("device")), text(port.at("mac")), text(port.at("mtu")),
               text(port.at("queues")), text(port.at("numa_node"))});
    for (const char* what : {"rss", "offloads"})
      granted += text(port.at("port")) + ": " + what + " asked: " + list(port.at(what).at("asked")) +
                 "; granted: " + list(port.at(what).at("granted")) + "\n";
  }
  return table.text() + (granted.empty() ? "" : "\n" + granted);
}

std::string show_neighbours(const Json& neighbours) {
  return plain_table(neighbours.at("neighbours"),
                     {{"port", "port"}, {"address", "address"}, {"mac", "mac"}, {"state", "state"}});
}

}  // namespace cleatctl
