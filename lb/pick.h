// SPDX-License-Identifier: MIT
// Picking a backend for a new session: maglev, wrr, least-load.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lb/hash.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/worker.h"

namespace lb {

// What decides for `tuple`: hash_address() of both ends, half of it done by compile(). REQUIRES: packet.service, and it is to its VIP
inline uint64_t tuple_hash(const Snapshot& snapshot, const Packet& packet) noexcept {
  const uint64_t ports = uint64_t{packet.src_port} | uint64_t{packet.dst_port} << 16 |
                         static_cast<uint64_t>(packet.protocol) << 32;
  const uint64_t to = hash_word(ports ^ packet.service->vip_hash, snapshot.pick_seed);
  return hash_word(to ^ hash_pair(packet.src.high(), packet.src.low(), snapshot.pick_seed),
                   snapshot.pick_seed);
}
// And for `source-ip`.
uint64_t client_hash(const Snapshot& snapshot, const IpAddress& client) noexcept;
// As packet.service has it; and asks for what pick() will read. REQUIRES: as tuple_hash()
inline uint64_t pick_hash(const Snapshot& snapshot, const Packet& packet) noexcept {
  const uint64_t hash = packet.service->affinity == Affinity::kSourceIp ? client_hash(snapshot, packet.src)
                                                                        : tuple_hash(snapshot, packet);
  const std::vector<BackendId>& table = snapshot.pools[packet.service->pool].table;
  __builtin_prefetch(table.data() + reduce(hash, static_cast<uint32_t>(table.size())));
  return hash;
}

// REQUIRES: the pool picks by maglev and its table is not empty
inline BackendId maglev_pick(const Pool& pool, uint64_t hash) noexcept {
  return pool.table[reduce(hash, static_cast<uint32_t>(pool.table.size()))];
}
// REQUIRES: the pool picks by another method and its table is not empty
BackendId pick_by_state(Worker& worker, const Snapshot& snapshot, uint16_t pool) noexcept;

// hash    of what decides (client and service for `tuple`, client network for `source-ip`) under snapshot.pick_seed;
//         maglev reads it, the others do not
// pool    index into snapshot.pools
// returns nullopt when the pool has nobody who takes new sessions
// cost    maglev: one cache line of the pool's table; wrr: likewise; least-load: two backends' counters
inline std::optional<BackendId> pick(Worker& worker, const Snapshot& snapshot, uint16_t pool_index,
                                     uint64_t hash) noexcept {
  const Pool& pool = snapshot.pools[pool_index];
  if (pool.table.empty()) return std::nullopt;
  if (pool.pick == PickMethod::kMaglev) [[likely]]
    return maglev_pick(pool, hash);
  return pick_by_state(worker, snapshot, pool_index);
}

// A schedule for `wrr`: every id as often as its weight says, spread evenly (smooth weighted round robin, as in nginx).
// At most 4,096 long: weights beyond that are scaled down, none below one turn.
struct Weighted {
  BackendId id;
  uint32_t weight;  // > 0
};
std::vector<BackendId> wrr_schedule(const std::vector<Weighted>& backends);

}  // namespace lb
