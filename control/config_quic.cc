// SPDX-License-Identifier: MIT
// A pool's `quic_lb`: how its servers make connection ids, and whose each server id is (docs/quic.md).
#include <set>

#include "control/config_sections.h"
#include "control/config_servers.h"
#include "control/hex.h"

namespace control {
namespace {

std::optional<lb::QuicServerId> server_id(const std::string& text, const lb::QuicLbConfig& config) {
  const auto octets = from_hex(text);
  if (!octets || octets->size() != config.server_id_length) return std::nullopt;
  return lb::QuicServerId::of(*octets);
}

void read_servers(const YamlField& section, const PoolConfig& pool, lb::QuicLbSpec& into) {
  std::set<lb::QuicServerId> seen;
  for (const auto& [text, field] : section.entries()) {
    const auto id = server_id(text, into.config);
    if (!id)
      return field.refuse(quoted(text) + " is no server id; " +
                          std::to_string(2 * into.config.server_id_length) +
                          " hexadecimal digits are wanted, for server_id_length is " +
                          std::to_string(into.config.server_id_length));
    if (!seen.insert(*id).second) return field.refuse("server id " + text + " is given twice; keep one");
    const auto backend = read_backend_of(pool, field);
    if (!backend) return;
    into.servers.push_back({*id, *backend});
  }
}

lb::QuicLbSpec read_one(const YamlField& item, const PoolConfig& pool) {
  lb::QuicLbSpec spec;
  lb::QuicLbConfig& config = spec.config;
  if (!item.is_map({"config_id", "server_id_length", "nonce_length", "key", "encodes_length", "servers"}))
    return spec;
  const YamlField nonce = item.need("nonce_length", "a number in 4..18");
  item.need("config_id", "a number in 0..6").number(config.config_id, 0, lb::kQuicLbConfigCount - 1);
  item.need("server_id_length", "a number in 1..15")
      .number(config.server_id_length, lb::kMinServerIdLength, lb::kMaxServerIdLength);
  nonce.number(config.nonce_length, lb::kMinNonceLength, lb::kMaxNonceLength);
  if (config.server_id_length + config.nonce_length > lb::kMaxServerIdAndNonceLength)
    nonce.refuse("with server_id_length " + std::to_string(config.server_id_length) + " at most " +
                 std::to_string(lb::kMaxServerIdAndNonceLength - config.server_id_length) +
                 " is possible: a connection id of QUIC version 1 has 20 octets at most");
  config.key = read_key(item["key"], "cleatctl quic-lb keygen");
  item["encodes_length"].boolean(config.encodes_length);
  read_servers(item.need("servers", "a map from server id to backend"), pool, spec);
  return spec;
}

// Who sees the ids of one configuration in clear must not learn from them what the encrypted ones of another hide (R1.11).
void check_apart(const YamlField& item, const std::vector<lb::QuicLbSpec>& before,
                 const lb::QuicLbSpec& spec) {
  for (const lb::QuicLbSpec& other : before) {
    if (other.config.key.has_value() == spec.config.key.has_value()) continue;
    for (const lb::QuicLbSpec::Server& server : spec.servers)
      for (const lb::QuicLbSpec::Server& same : other.servers)
        if (same.id == server.id)
          item["servers"].refuse("server id " + to_hex(server.id.view()) + " is in config_id " +
                                 std::to_string(other.config.config_id) +
                                 ", too, and only one of them has a key; ids in clear and encrypted ids must "
                                 "be others");
  }
}

}  // namespace

void read_quic_lb(const YamlField& section, PoolConfig& pool) {
  if (!section.given()) return;
  for (const YamlField& item : section.items()) {
    const lb::QuicLbSpec spec = read_one(item, pool);
    for (const lb::QuicLbSpec& other : pool.quic_lb)
      if (other.config.config_id == spec.config.config_id)
        item["config_id"].refuse(std::to_string(spec.config.config_id) +
                                 " is given twice in this pool; each configuration has an id of its own");
    check_apart(item, pool.quic_lb, spec);
    pool.quic_lb.push_back(spec);
  }
  if (pool.quic_lb.empty()) section.refuse("an empty list; leave it out, or give a configuration");
}

}  // namespace control
