// SPDX-License-Identifier: MIT
#include "control/ports.h"

#include <nlohmann/json.hpp>

#include "control/log.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json port_json(const std::string& name, const PortState& port) {
  return {{"port", name},
          {"device", port.device},
          {"driver", port.driver},
          {"interface", text_or_null(port.interface)},
          {"mac", port.mac},
          {"mtu", port.mtu},
          {"queues", port.queues},
          {"numa_node", port.numa_node < 0 ? Json(nullptr) : Json(port.numa_node)},
          {"rss", {{"asked", port.rss_asked}, {"granted", port.rss_granted}}},
          {"offloads", {{"asked", port.offloads_asked}, {"granted", port.offloads_granted}}},
          {"link", port.up ? "up" : "down"},
          {"speed_mbps", port.speed_mbps == 0 ? Json(nullptr) : Json(port.speed_mbps)}};
}

}  // namespace

Json ports_json(const Engine& engine) {
  Json ports = Json::array();
  const auto states = engine.ports ? engine.ports() : std::vector<PortState>();
  for (size_t i = 0; i < states.size() && i < engine.port_names.size(); ++i)
    ports.push_back(port_json(engine.port_names[i], states[i]));
  return {{"ports", ports}};
}

void LinkWatch::look(const Engine& engine) {
  if (!engine.ports) return;
  const auto states = engine.ports();
  links_.resize(states.size());
  for (size_t i = 0; i < states.size() && i < engine.port_names.size(); ++i) {
    const PortState& now = states[i];
    const Link before = links_[i];
    links_[i] = {now.up, now.speed_mbps};
    if (now.up == before.up && (now.speed_mbps == before.speed_mbps || before.speed_mbps == 0)) continue;
    const LogLevel level = now.up ? LogLevel::kInfo : LogLevel::kWarning;
    log_event(level, now.up ? "link up" : "link down",
              {{"port", engine.port_names[i]}, {"device", now.device}, {"speed_mbps", now.speed_mbps}});
  }
}

}  // namespace control
