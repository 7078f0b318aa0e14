// SPDX-License-Identifier: MIT
#include "control/learn_streams.h"

#include <set>

#include "control/stream_place.h"

namespace control {
namespace {

class Learner {
 public:
  Learner(const Engine& engine, const lb::SnapshotSpec& spec, const std::string& pool,
          const lb::Endpoint& backend)
      : snapshot_(*engine.snapshot()), streams_(engine.segment->streams()), now_(engine.now()) {
    while (pool_ < spec.pools.size() && spec.pools[pool_].name != pool) ++pool_;
    if (pool_ < spec.pools.size()) backend_ = backend_id_in(engine, spec.pools[pool_], backend);
  }

  // Calls visit(key) for each key that clients have for one of these names.
  template <typename Visit>
  void each(const std::vector<std::string>& names, Visit visit) const {
    if (!backend_) return;
    std::set<std::string, std::less<>> seen;
    for (const lb::Service& service : snapshot_.services) {
      if (!lb::goes_by_stream(service.affinity)) continue;
      const lb::StreamRules& rules = snapshot_.stream_rules[service.stream_rules];
      for (const std::string& name : names) {
        const auto key = stream_key_of(name, rules.vhosts());
        if (!key || key->text().ends_with('/')) continue;  // no stream, or a whole vhost
        if (rules.pool_of(key->text()) == pool_ && seen.emplace(key->text()).second) visit(*key);
      }
    }
  }

  void learn(const lb::StreamKey& key, LearnedCounts& counts) const {
    auto known = find(key);
    if (!known) {
      known = streams_.learn(clients(), key, *backend_, now_);
      ++(known ? counts.learned : counts.no_room);
    } else if (known->control.backend() != *backend_) {
      const bool moves = !known->published && streams_.move(*known, *backend_);
      ++(moves ? counts.moved : counts.conflicts);
      if (!moves) return;
    }
    if (known) streams_.touch(known->place(), true, now_);
  }

  void keep(const lb::StreamKey& key) const {
    if (const auto known = find(key); known && known->control.backend() == *backend_)
      streams_.touch(known->place(), false, now_);
  }

 private:
  [[nodiscard]] lb::ListenerId clients() const { return snapshot_.pools[pool_].clients; }
  [[nodiscard]] std::optional<lb::StreamView> find(const lb::StreamKey& key) const {
    return streams_.find(clients(), key, now_);
  }

  const lb::Snapshot& snapshot_;
  lb::Streams& streams_;
  const lb::Now now_;
  size_t pool_ = 0;
  std::optional<lb::BackendId> backend_;
};

}  // namespace

LearnedCounts learn_streams(const Engine& engine, const lb::SnapshotSpec& spec, const std::string& pool,
                            const lb::Endpoint& backend, const std::vector<std::string>& names) {
  LearnedCounts counts;
  const Learner learner(engine, spec, pool, backend);
  learner.each(names, [&](const lb::StreamKey& key) { learner.learn(key, counts); });
  return counts;
}

void keep_streams(const Engine& engine, const lb::SnapshotSpec& spec, const std::string& pool,
                  const lb::Endpoint& backend, const std::vector<std::string>& names) {
  const Learner learner(engine, spec, pool, backend);
  learner.each(names, [&](const lb::StreamKey& key) { learner.keep(key); });
}

}  // namespace control
