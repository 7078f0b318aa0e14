// SPDX-License-Identifier: MIT
// Which stream an ICE session carries, if the connection that its answer came by said so, as a word of the session's record: by it a
// stream lives on when WHIP's connection is over (lb/touch_stream.h).
#pragma once

#include <cstdint>
#include <optional>

#include "lb/streams.h"

namespace lb {

struct SessionStream {
  StreamPlace place = 0;   // in the table of streams
  bool publishes = false;  // it, or plays it

  // 0: none is known
  [[nodiscard]] constexpr uint32_t word() const { return (place + 1) << 1 | (publishes ? 1 : 0); }
  static constexpr std::optional<SessionStream> of(uint32_t word) {
    if (word == 0) return std::nullopt;
    return SessionStream{(word >> 1) - 1, (word & 1) != 0};
  }
};

}  // namespace lb
