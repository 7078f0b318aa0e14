// SPDX-License-Identifier: MIT
// Backends that came up lately, or joined, and take less than their weight for a while: a cold server that gets its whole
// share at once may go down again.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "control/config.h"
#include "lb/address.h"

namespace control {

// One thread. Its clock is an argument; shares change in advance() and begin() only.
class SlowStart {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // From now on, at the first share. Begins anew if it had begun.
  // lasts_s  0: it takes its whole weight at once
  void begin(const std::string& pool, const lb::Endpoint& backend, uint32_t lasts_s, Time now);
  // It takes its whole weight, or none.
  void end(const std::string& pool, const lb::Endpoint& backend);
  // Takes the steps that are due: ten equal ones from a tenth of the weight to all of it.
  // pools    say how long it lasts; a pool that is not there, or has none, ends it
  // returns  true if a share changed
  bool advance(const std::vector<PoolConfig>& pools, Time now);

  // Of its weight, 10..100.
  [[nodiscard]] uint32_t share_percent(const std::string& pool, const lb::Endpoint& backend) const;
  // Until it takes its whole weight, as of the last advance(); 0 for others.
  [[nodiscard]] uint32_t remaining_s(const std::string& pool, const lb::Endpoint& backend) const;

 private:
  struct Start {
    Time began;
    uint32_t share_percent, remaining_s;
  };
  std::map<std::pair<std::string, lb::Endpoint>, Start> starts_;
};

}  // namespace control
