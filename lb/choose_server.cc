// SPDX-License-Identifier: MIT
#include "lb/choose_server.h"

#include <algorithm>

#include "lb/hash.h"

namespace lb {
namespace {

uint64_t load_of(std::span<const WorkerCounters* const> workers, BackendId id) {
  int64_t load = 0;
  for (const WorkerCounters* worker : workers) {
    const TrafficCounters& own = worker->backends[id];
    load += static_cast<int64_t>(own.flows_opened.get() - own.flows_closed.get());
  }
  // Flows from before a restart count as opened by one worker, and are closed by their own.
  return static_cast<uint64_t>(std::max<int64_t>(load, 0));
}

}  // namespace

Keep keeps_server(const Snapshot& snapshot, const Pool& pool, const StreamView& known,
                  bool publishes) noexcept {
  const BackendId id = known.control.backend();
  const Backend& backend = snapshot.backends[id];
  if (!backend.routed || std::find(pool.members.begin(), pool.members.end(), id) == pool.members.end())
    return Keep::kGone;
  if (backend.silent) return Keep::kSilent;
  // Players of a stream that somebody publishes have no other server to go to.
  const bool stays = backend.takes_new || known.published || (!publishes && pool.table.empty());
  return stays ? Keep::kStays : Keep::kDrained;
}

std::optional<Chosen> choose_server(const Snapshot& snapshot, const Pool& pool, const StreamKey& key,
                                    std::span<const WorkerCounters* const> workers) noexcept {
  if (pool.table.empty()) return std::nullopt;
  uint64_t total = 1, weights = 0;
  for (const MaglevEntry& entry : pool.entries) {
    total += load_of(workers, entry.id);
    weights += entry.weight;
  }
  constexpr unsigned kTries = 8;
  const auto size = static_cast<uint32_t>(pool.table.size());
  uint64_t hash = key.hash(snapshot.pick_seed);
  const BackendId first = pool.table[reduce(hash, size)];
  for (unsigned i = 0; i < kTries; ++i, hash = hash_word(hash, snapshot.pick_seed)) {
    const BackendId id = pool.table[reduce(hash, size)];
    const auto entry = std::find_if(pool.entries.begin(), pool.entries.end(),
                                    [id](const MaglevEntry& e) { return e.id == id; });
    // At most a quarter more than its share, rounded up.
    if (entry == pool.entries.end() || load_of(workers, id) * weights * 4 < total * entry->weight * 5)
      return Chosen{id, first};
  }
  return Chosen{first, first};
}

}  // namespace lb
