// SPDX-License-Identifier: MIT
#include "lb/pick.h"

#include <algorithm>
#include <numeric>

namespace lb {
namespace {

// Open sessions of a backend: all workers' as of the snapshot, plus what this worker did since.
int64_t open_sessions(const Worker& worker, const Snapshot& snapshot, BackendId id) {
  const TrafficCounters& own = worker.counters.backends[id];
  const auto mine = static_cast<int64_t>(own.flows_opened.get() - own.flows_closed.get());
  if (id >= snapshot.sessions.size() || worker.index >= snapshot.sessions_of_worker.size()) return mine;
  return snapshot.sessions[id] + mine - snapshot.sessions_of_worker[worker.index][id];
}

uint64_t next_random(uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  return hash_word(state, 0x1ea57);
}

// Power of two choices (Mitzenmacher 2001) on open sessions per weight. The choices fall on a backend as often as its
// weight says: with even odds a heavy one would meet its fair share of the choices too seldom to get its share of the
// sessions.
BackendId least_load(Worker& worker, const Snapshot& snapshot, const Pool& pool) {
  constexpr unsigned kTries = 4;
  const auto count = static_cast<uint32_t>(pool.table.size());
  const uint32_t a = reduce(next_random(worker.random_state), count);
  uint32_t b = a;
  for (unsigned i = 0; i < kTries && pool.table[b] == pool.table[a]; ++i) {
    b = reduce(next_random(worker.random_state), count);
    if (pool.table[b] == pool.table[a] && ++b == count)
      b = 0;  // turns are spread: the next one is often another's
  }
  // (sessions + 1) / weight, compared without a division
  const int64_t load_a = (open_sessions(worker, snapshot, pool.table[a]) + 1) * pool.weights[b];
  const int64_t load_b = (open_sessions(worker, snapshot, pool.table[b]) + 1) * pool.weights[a];
  return pool.table[load_a <= load_b ? a : b];
}

}  // namespace

uint64_t client_hash(const Snapshot& snapshot, const IpAddress& client) noexcept {
  return hash_address(client_network(client), 0, snapshot.pick_seed);
}

BackendId pick_by_state(Worker& worker, const Snapshot& snapshot, uint16_t pool_index) noexcept {
  const Pool& pool = snapshot.pools[pool_index];
  if (pool.pick == PickMethod::kLeastLoad) return least_load(worker, snapshot, pool);
  const auto size = static_cast<uint32_t>(pool.table.size());
  uint32_t& position = worker.wrr_position[pool_index];
  if (position >= size) position %= size;
  return pool.table[position++];
}

std::vector<BackendId> wrr_schedule(const std::vector<Weighted>& backends) {
  constexpr uint64_t kLongest = 4096;
  if (backends.empty()) return {};
  uint64_t divisor = 0, total = 0;
  for (const Weighted& b : backends) {
    divisor = std::gcd(divisor, uint64_t{b.weight});
    total += b.weight;
  }
  total /= divisor;
  std::vector<int64_t> turns, current(backends.size(), 0);
  int64_t length = 0;
  for (const Weighted& b : backends) {
    uint64_t n = b.weight / divisor;
    if (total > kLongest) n = std::max<uint64_t>(1, n * kLongest / total);
    turns.push_back(static_cast<int64_t>(n));
    length += turns.back();
  }
  std::vector<BackendId> schedule;
  schedule.reserve(static_cast<size_t>(length));
  for (int64_t i = 0; i < length; ++i) {
    size_t best = 0;
    for (size_t j = 0; j < current.size(); ++j) {
      current[j] += turns[j];
      if (current[j] > current[best]) best = j;
    }
    current[best] -= length;
    schedule.push_back(backends[best].id);
  }
  return schedule;
}

}  // namespace lb
