// SPDX-License-Identifier: MIT
#include "control/slow_start.h"

#include <algorithm>

namespace control {
namespace {

constexpr uint32_t kFirstPercent = 10, kSteps = 10, kStepPercent = (100 - kFirstPercent) / kSteps;

uint32_t lasts_ms_in(const std::vector<PoolConfig>& pools, const std::string& name) {
  const auto pool =
      std::find_if(pools.begin(), pools.end(), [&](const PoolConfig& each) { return each.name == name; });
  return pool == pools.end() ? 0 : pool->slow_start_s * 1000;
}

}  // namespace

void SlowStart::begin(const std::string& pool, const lb::Endpoint& backend, uint32_t lasts_s, Time now) {
  if (lasts_s == 0) return end(pool, backend);
  starts_[{pool, backend}] = {now, kFirstPercent, lasts_s};
}

void SlowStart::end(const std::string& pool, const lb::Endpoint& backend) { starts_.erase({pool, backend}); }

bool SlowStart::advance(const std::vector<PoolConfig>& pools, Time now) {
  bool changed = false;
  for (auto at = starts_.begin(); at != starts_.end();) {
    Start& start = at->second;
    const uint64_t lasts_ms = lasts_ms_in(pools, at->first.first);
    const auto passed_ms = static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now - start.began).count());
    if (passed_ms >= lasts_ms) {
      at = starts_.erase(at);
      changed = true;
      continue;
    }
    const uint32_t former_percent = start.share_percent;
    start.share_percent = kFirstPercent + static_cast<uint32_t>(kSteps * passed_ms / lasts_ms) * kStepPercent;
    changed |= start.share_percent != former_percent;
    start.remaining_s = static_cast<uint32_t>((lasts_ms - passed_ms + 999) / 1000);
    ++at;
  }
  return changed;
}

uint32_t SlowStart::share_percent(const std::string& pool, const lb::Endpoint& backend) const {
  const auto found = starts_.find({pool, backend});
  return found == starts_.end() ? 100 : found->second.share_percent;
}

uint32_t SlowStart::remaining_s(const std::string& pool, const lb::Endpoint& backend) const {
  const auto found = starts_.find({pool, backend});
  return found == starts_.end() ? 0 : found->second.remaining_s;
}

}  // namespace control
