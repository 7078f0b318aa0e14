// SPDX-License-Identifier: MIT
// The part of Operations that follows the backends' health: slow start and panic.
#include <algorithm>
#include <set>

#include "control/log.h"
#include "control/operations.h"
#include "control/panic.h"

namespace control {
namespace {

// Checks of a host that is overloaded time out, too; its flows go on. After the first its flows' waits are counted,
// after the second they may be reset.
constexpr uint64_t kQuietMs = 300, kSilentMs = 1000;

uint32_t slow_start_s(const Config& config, const std::string& name) {
  for (const PoolConfig& pool : config.pools)
    if (pool.name == name) return pool.slow_start_s;
  return 0;
}

const PoolVerdict* verdict_in(const std::vector<PoolVerdict>& verdicts, const std::string& pool) {
  const auto found = std::find_if(verdicts.begin(), verdicts.end(),
                                  [&](const PoolVerdict& verdict) { return verdict.pool == pool; });
  return found == verdicts.end() ? nullptr : &*found;
}

}  // namespace

void Operations::note_health(const HealthTarget& target, bool healthy) {
  if (healthy)
    slow_start_.begin(target.pool, target.endpoint, slow_start_s(config_, target.pool),
                      std::chrono::steady_clock::now());
  else
    slow_start_.end(target.pool, target.endpoint);
  (void)follow_silence();
  publish_soon();
}

bool Operations::follow_silence() {
  const uint64_t now_ms = engine_.now().ms;
  decltype(unanswered_) next;
  for (const lb::PoolSpec& pool : spec_.pools)
    for (const lb::BackendSpec& backend : pool.backends) {
      const std::pair<std::string, lb::Endpoint> key(pool.name, {backend.address, backend.port});
      const uint64_t heard_ms = passive_health_.heard_ms(backend.address);
      if (!health_.unanswered(pool.name, key.second) || now_ms < heard_ms + kQuietMs) continue;
      const auto known = unanswered_.find(key);
      next[key] = {known != unanswered_.end() ? known->second.since_ms : now_ms,
                   now_ms >= heard_ms + kSilentMs && !health_.healthy(pool.name, key.second)};
    }
  return std::exchange(unanswered_, std::move(next)) != unanswered_;
}

bool Operations::begin_waits_anew(const std::vector<PoolVerdict>& next) {
  bool any = false;
  for (const PoolVerdict& verdict : next) {
    const PoolVerdict* former = verdict_in(verdicts_, verdict.pool);
    if (former == nullptr || !former->cut_off || verdict.cut_off) continue;
    any = true;
    for (auto& [backend, unanswered] : unanswered_)
      if (backend.first == verdict.pool) unanswered.since_ms = engine_.now().ms;
  }
  return any;
}

void Operations::watch_traffic() {
  passive_health_.look(engine_, spec_,
                       [this](const std::string& pool, const lb::Endpoint& backend,
                              const std::string& reason) { (void)health_.suspect(pool, backend, reason); });
  if (follow_silence()) publish_soon();
}

void Operations::start_newcomers_slowly() {
  std::set<std::pair<std::string, lb::Endpoint>> known;
  for (const lb::PoolSpec& pool : spec_.pools)
    for (const lb::BackendSpec& backend : pool.backends)
      known.insert({pool.name, {backend.address, backend.port}});
  const auto now = std::chrono::steady_clock::now();
  const Desired next = desired();
  for (const lb::PoolSpec& pool : next.spec.pools) {
    // Of a pool that is new nobody has a start over the others.
    if (verdict_in(verdicts_, pool.name) == nullptr) continue;
    for (const lb::BackendSpec& backend : pool.backends)
      if (const lb::Endpoint endpoint{backend.address, backend.port}; !known.contains({pool.name, endpoint}))
        slow_start_.begin(pool.name, endpoint, slow_start_s(config_, pool.name), now);
  }
}

const PoolVerdict& Operations::verdict_of(const std::string& pool) const {
  return *verdict_in(verdicts_, pool);
}

void Operations::log_panics(const std::vector<PoolVerdict>& next) const {
  for (const PoolVerdict& verdict : next) {
    const PoolVerdict* former = verdict_in(verdicts_, verdict.pool);
    if (verdict.panic == (former != nullptr && former->panic)) continue;
    const auto pool = std::find_if(config_.pools.begin(), config_.pools.end(),
                                   [&](const PoolConfig& each) { return each.name == verdict.pool; });
    log_event(verdict.panic ? LogLevel::kError : LogLevel::kInfo,
              verdict.panic ? "panic: health ignored" : "panic over: health counts again",
              {{"pool", verdict.pool},
               {"down", verdict.down},
               {"of", verdict.eligible},
               {"threshold", panic_threshold_text(pool->panic_threshold)}});
  }
}

}  // namespace control
