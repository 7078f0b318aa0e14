// SPDX-License-Identifier: MIT
// `ice` of a service and `ice_ufrag` of a pool: how the server of a WebRTC session is found (docs/ice.md).
#include <charconv>
#include <set>

#include "control/config_sections.h"
#include "control/config_servers.h"

namespace control {
namespace {

std::optional<uint16_t> server_number(const std::string& text) {
  uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void read_servers(const YamlField& section, const PoolConfig& pool, lb::UfragSpec& into) {
  std::set<uint16_t> seen;
  for (const auto& [text, field] : section.entries()) {
    const auto number = server_number(text);
    if (!number) return field.refuse(quoted(text) + " is no server number; one in 0..65535 is wanted");
    if (!seen.insert(*number).second)
      return field.refuse("server number " + std::to_string(*number) + " is given twice; keep one");
    const auto backend = read_backend_of(pool, field);
    if (!backend) return;
    into.servers.push_back({*number, *backend});
  }
  if (into.servers.empty()) section.refuse("an empty map; at least one server is wanted");
}

}  // namespace

void read_ice_ufrag(const YamlField& section, PoolConfig& pool) {
  if (!section.given() || !section.is_map({"key", "servers"})) return;
  lb::UfragSpec spec;
  const auto key = read_key(section.need("key", "a key of 32 hexadecimal digits"), "cleatctl ufrag keygen");
  if (key) spec.key = *key;
  read_servers(section.need("servers", "a map from server number to backend"), pool, spec);
  pool.ice_ufrag = std::move(spec);
}

void read_ice(const YamlField& item, ServiceConfig& service) {
  const YamlField section = item["ice"];
  if (service.affinity != lb::Affinity::kIce) {
    if (section.given())
      section.refuse("only services of affinity: ice have it; leave it out, or affinity: ice is wanted");
    return;
  }
  if (service.protocol != lb::Protocol::kUdp)
    item["affinity"].refuse("ICE sessions are found in UDP only; protocol: udp is wanted");
  if (service.port_first != service.port_last)
    item["port"].refuse("affinity ice is for one port; a service for each port is wanted");
  if (!section.given() || !section.is_map({"ufrag", "whip", "ask", "hash", "stun_integrity"})) return;
  section["ufrag"].boolean(service.ice.ufrag);
  section["whip"].boolean(service.ice.whip);
  section["ask"].boolean(service.ice.ask);
  section["hash"].boolean(service.ice.hash);
  section["stun_integrity"].choice(service.ice.servers_check_integrity,
                                   {{"ignored", false}, {"enforced", true}});
}

}  // namespace control
