// SPDX-License-Identifier: MIT
#include "lb/place_stream.h"

#include "lb/choose_server.h"
#include "lb/pick.h"
#include "lb/seam.h"

namespace lb {
namespace {

class Placing {
 public:
  Placing(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet)
      : worker_(worker),
        snapshot_(snapshot),
        now_(now),
        packet_(packet),
        streams_(worker.segment.streams()) {}

  std::optional<Placed> of_stream(const StreamKey& key, bool publishes) {
    const Pool& pool = pool_of(key);
    auto known = streams_.find(pool.clients, key, now_);
    if (known && keeps_server(snapshot_, pool, *known, publishes) == Keep::kStays) {
      streams_.touch(known->place(), false, now_);
      return Placed{known->control.backend(), known->place()};
    }
    const auto chosen = choose(pool, key);
    if (!chosen) return std::nullopt;
    if (known) {
      streams_.move(*known, *chosen);
      known = streams_.find(pool.clients, key, now_);
    } else {
      known = streams_.learn(pool.clients, key, *chosen, now_);
    }
    if (!known) return Placed{*chosen, kNoStream};
    streams_.touch(known->place(), false, now_);
    return Placed{known->control.backend(), known->place()};
  }

  std::optional<Placed> of_anybody() {
    const auto picked = pick(worker_, snapshot_, packet_.service->pool, tuple_hash(snapshot_, packet_));
    if (!picked) return std::nullopt;
    return Placed{*picked, kNoStream};
  }

  // Of an ICE session: whose server is known by its USERNAME.
  std::optional<Placed> of_session(std::string_view name) {
    const Listener& listener = snapshot_.listener(packet_.service->listener);
    for (const WhipPool& whip : snapshot_.whip[listener.whip]) {
      const auto session = worker_.segment.sessions().find(whip.clients, name);
      if (!session) continue;
      for (const auto& [own, media] : whip.backends)
        if (media == session->control.backend()) return Placed{own, kNoStream};
    }
    return std::nullopt;
  }

  const StreamKey& likelier(const StreamAsk& ask) {
    if (!ask.other || is_known(ask.key)) return ask.key;
    return is_known(*ask.other) ? *ask.other : ask.key;
  }

 private:
  [[nodiscard]] const Pool& pool_of(const StreamKey& key) const {
    const StreamRules& rules = snapshot_.stream_rules[packet_.service->stream_rules];
    return snapshot_.pools[rules.pool_of(key.text())];
  }
  [[nodiscard]] bool is_known(const StreamKey& key) const {
    return streams_.find(pool_of(key).clients, key, now_).has_value();
  }
  // By this worker's own connections: flows are spread over workers, so all see the same picture.
  [[nodiscard]] std::optional<BackendId> choose(const Pool& pool, const StreamKey& key) const {
    const WorkerCounters* const own[] = {&worker_.counters};
    const auto chosen = choose_server(snapshot_, pool, key, own);
    return chosen ? std::optional(chosen->backend) : std::nullopt;
  }

  Worker& worker_;
  const Snapshot& snapshot_;
  const Now now_;
  const Packet& packet_;
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
