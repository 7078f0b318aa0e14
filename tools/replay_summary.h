// SPDX-License-Identifier: MIT
// The end of a replay in a few lines: frames by verdict and drop reason, flows, traffic by backend, conservation.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "lb/snapshot_spec.h"
#include "tools/replay_engine.h"
#include "tools/replay_outcome.h"

namespace replay {

class Summary {
 public:
  void add(const Outcome& outcome);
  [[nodiscard]] std::string text(const lb::SnapshotSpec& spec, const Engine& engine) const;

 private:
  uint64_t frames_ = 0;
  uint64_t last_ns_ = 0;
  std::array<uint64_t, 6> by_action_{};  // by lb::Action
  std::array<uint64_t, lb::kDropReasonCount> by_reason_{};
};

}  // namespace replay
