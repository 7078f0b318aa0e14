// SPDX-License-Identifier: MIT
// Picking a backend for a new session: maglev, wrr, least-load.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lb/snapshot.h"
#include "lb/worker.h"

namespace lb {

// hash    of what decides (client and service for `tuple`, client network for `source-ip`) under snapshot.pick_seed;
//         maglev reads it, the others do not
// pool    index into snapshot.pools
// returns nullopt when the pool has nobody who takes new sessions
// cost    maglev: one cache line of the pool's table; wrr: likewise; least-load: two backends' counters
std::optional<BackendId> pick(Worker& worker, const Snapshot& snapshot, uint16_t pool,
                              uint64_t hash) noexcept;

// What decides for `tuple`, and for `source-ip`.
uint64_t tuple_hash(const Snapshot& snapshot, const Packet& packet) noexcept;
uint64_t client_hash(const Snapshot& snapshot, const IpAddress& client) noexcept;

// REQUIRES: the pool picks by maglev and its table is not empty
BackendId maglev_pick(const Pool& pool, uint64_t hash) noexcept;

// A schedule for `wrr`: every id as often as its weight says, spread evenly (smooth weighted round robin, as in nginx).
// At most 4,096 long: weights beyond that are scaled down, none below one turn.
struct Weighted {
  BackendId id;
  uint32_t weight;  // > 0
};
std::vector<BackendId> wrr_schedule(const std::vector<Weighted>& backends);

}  // namespace lb
