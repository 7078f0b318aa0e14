// SPDX-License-Identifier: MIT
// What services of affinity stream and srt do, in numbers: connections whose first bytes Cleat reads, and streams that are known.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "control/engine.h"
#include "control/stream_polls.h"

namespace control {

// How many streams are known. A large table is counted in parts, one at each look.
// thread  control
class StreamCensus {
 public:
  static constexpr uint32_t kRecordsPerLook = 1U << 17;

  // To be called about once a second. cost  a cache line for each record, kRecordsPerLook at most
  void look(const Engine& engine);
  // As of the last whole count.
  [[nodiscard]] uint32_t in_use() const { return in_use_; }

 private:
  uint32_t at_ = 0, found_ = 0, in_use_ = 0;
};

// `peeks` of GET /v1/stats (docs/api.md): lb::PeekCounters, summed, and how many are under way.
nlohmann::ordered_json peeks_json(const Engine& engine);
// `srt` of GET /v1/stats: lb::SrtCounters, summed.
nlohmann::ordered_json srt_json(const Engine& engine);
// `streams` of GET /v1/stats.
nlohmann::ordered_json stream_counts_json(const Engine& engine, const StreamCensus& census,
                                          const StreamPollView& polls);

}  // namespace control
