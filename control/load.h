// SPDX-License-Identifier: MIT
// What the workers' time goes into: since they began, and of late. A polling process is always at 100 % of its cores for
// the kernel, so this is where its load is seen.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "control/engine.h"
#include "lb/counters.h"

namespace control {

// lb::LoadCounters of one worker at one time, or their growth between two.
struct LoadSums {
  uint64_t busy_cycles = 0, polling_cycles = 0, resting_cycles = 0;
  std::array<uint64_t, lb::LoadCounters::kFrames.size() + 1> bursts{};
  std::array<uint64_t, lb::kStageNames.size()> stage_cycles{};
  uint64_t timed_packets = 0;
  uint64_t packets = 0;  // received from the wire

  [[nodiscard]] uint64_t all_cycles() const { return busy_cycles + polling_cycles + resting_cycles; }
};
// Of the worker's whole life. The counters are read while it counts: they may differ by a burst.
LoadSums load_sums(const lb::WorkerCounters& counters);
// REQUIRES: `then` is of the same worker, earlier
LoadSums growth(const LoadSums& then, const LoadSums& now);

// {busy_cycles ... bursts, stage_cycles}: `sums` by name.
nlohmann::ordered_json load_sums_json(const LoadSums& sums);
// Shares and averages (docs/api.md); null if the worker's clock did not move.
// tsc_hz  as Engine::tsc_hz
nlohmann::ordered_json load_json(const LoadSums& growth, uint64_t tsc_hz);

// Remembers what was, to say what grew of late.
// thread  control
class LoadWindow {
 public:
  static constexpr size_t kSeconds = 10;

  // To be called about once a second.
  void look(const Engine& engine);
  // The growth since kSeconds ago, or since the workers began if that is less.
  [[nodiscard]] LoadSums of(const Engine& engine, size_t worker) const;

 private:
  std::deque<std::vector<LoadSums>> former_;  // by time, then by worker; the oldest first
};

}  // namespace control
