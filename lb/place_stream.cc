// SPDX-License-Identifier: MIT
#include "lb/place_stream.h"

#include <algorithm>

#include "lb/hash.h"
#include "lb/pick.h"
#include "lb/seam.h"

namespace lb {
namespace {

// This worker's own connections: flows are spread over workers, so all see the same picture.
uint64_t load_of(const Worker& worker, BackendId id) {
  const TrafficCounters& own = worker.counters.backends[id];
  return own.flows_opened.get() - own.flows_closed.get();
}

class Placing {
 public:
  Placing(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet)
      : worker_(worker),
        snapshot_(snapshot),
        now_(now),
        packet_(packet),
        pool_(snapshot.pools[packet.service->pool]),
        streams_(worker.segment.streams()) {}

  std::optional<Placed> of_stream(const StreamKey& key, bool publishes) {
    auto known = streams_.find(pool_.clients, key, now_);
    if (known && can_keep(*known, publishes)) {
      streams_.touch(known->index, publishes, now_);
      return Placed{known->control.backend(), known->index};
    }
    const auto chosen = choose(key);
    if (!chosen) return std::nullopt;
    if (known) {
      streams_.move(*known, *chosen);
      known = streams_.find(pool_.clients, key, now_);
    } else {
      known = streams_.learn(pool_.clients, key, *chosen, now_);
    }
    if (!known) return Placed{*chosen, Seam::kNoStream};
    streams_.touch(known->index, publishes, now_);
    return Placed{known->control.backend(), known->index};
  }

  std::optional<Placed> of_anybody() {
    const auto picked = pick(worker_, snapshot_, packet_.service->pool, tuple_hash(snapshot_, packet_));
    if (!picked) return std::nullopt;
    return Placed{*picked, Seam::kNoStream};
  }

  // Of an ICE session: whose server is known by its USERNAME.
  std::optional<Placed> of_session(std::string_view name) {
    const Listener& listener = snapshot_.listener(packet_.service->listener);
    for (const WhipPool& whip : snapshot_.whip[listener.whip]) {
      const auto session = worker_.segment.sessions().find(whip.clients, name);
      if (!session) continue;
      for (const auto& [own, media] : whip.backends)
        if (media == session->control.backend()) return Placed{own, Seam::kNoStream};
    }
    return std::nullopt;
  }

  const StreamKey& likelier(const StreamAsk& ask) {
    if (!ask.other || streams_.find(pool_.clients, ask.key, now_)) return ask.key;
    return streams_.find(pool_.clients, *ask.other, now_) ? *ask.other : ask.key;
  }

 private:
  [[nodiscard]] bool can_keep(const StreamView& known, bool publishes) const {
    const BackendId id = known.control.backend();
    const Backend& backend = snapshot_.backends[id];
    if (!backend.routed || backend.silent ||
        std::find(pool_.members.begin(), pool_.members.end(), id) == pool_.members.end())
      return false;
    // Players of a stream that somebody publishes have no other server to go to.
    return backend.takes_new || known.published || (!publishes && pool_.table.empty());
  }

  std::optional<BackendId> choose(const StreamKey& key) const {
    if (pool_.table.empty()) return std::nullopt;
    uint64_t total = 1, weights = 0;
    for (const MaglevEntry& entry : pool_.entries) {
      total += load_of(worker_, entry.id);
      weights += entry.weight;
    }
    constexpr unsigned kTries = 8;
    const auto size = static_cast<uint32_t>(pool_.table.size());
    uint64_t hash = key.hash(snapshot_.pick_seed);
    const BackendId first = pool_.table[reduce(hash, size)];
    for (unsigned i = 0; i < kTries; ++i, hash = hash_word(hash, snapshot_.pick_seed)) {
      const BackendId id = pool_.table[reduce(hash, size)];
      const auto entry = std::find_if(pool_.entries.begin(), pool_.entries.end(),
                                      [id](const MaglevEntry& e) { return e.id == id; });
      // At most a quarter more than its share, rounded up.
      if (entry == pool_.entries.end() || load_of(worker_, id) * weights * 4 < total * entry->weight * 5)
        return id;
    }
    return first;
  }

  Worker& worker_;
  const Snapshot& snapshot_;
  const Now now_;
  const Packet& packet_;
  const Pool& pool_;
  Streams& streams_;
};

}  // namespace

std::optional<Placed> place_stream(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                                   const StreamAsk& ask) noexcept {
  Placing placing(worker, snapshot, now, packet);
  switch (ask.role) {
    case StreamRole::kOther:
      return placing.of_anybody();
    case StreamRole::kSession:
      if (const auto placed = placing.of_session(ask.session)) return placed;
      if (ask.key.text().empty()) return placing.of_anybody();
      break;
    case StreamRole::kPublish:
    case StreamRole::kPlay:
    case StreamRole::kVhost:
      break;
  }
  return placing.of_stream(placing.likelier(ask), ask.role == StreamRole::kPublish);
}

}  // namespace lb
