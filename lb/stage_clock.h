// SPDX-License-Identifier: MIT
// Shares the time of one burst out to the stages that it passes. For one burst in many: each look at the clock costs some
// 10 ns, as much as a stage may take for a packet.
#pragma once

#include <cstdint>

#include "lb/counters.h"
#include "lb/stage.h"

namespace lb {

class StageClock {
 public:
  // The caller's clock: any unit, never backwards. lb has none of its own.
  using Read = uint64_t (*)() noexcept;

  // load  outlives the clock
  StageClock(LoadCounters& load, Read read) noexcept : load_(load), read_(read) {}

  // A stage begins.
  void start() noexcept { last_ = read_(); }
  // The stage ends and the next one begins. What passed since the last call of either, this call's own look at the clock
  // included, is counted for `stage`; a stage may come several times.
  void lap(Stage stage) noexcept {
    const uint64_t now = read_();
    load_.stage_cycles[static_cast<unsigned>(stage)].add(now - last_);
    last_ = now;
  }

 private:
  LoadCounters& load_;
  const Read read_;
  uint64_t last_ = 0;
};

}  // namespace lb
