// SPDX-License-Identifier: MIT
// When a full flow table is searched for room.
#pragma once

#include <cstdint>

namespace lb {

// Whether a new flow should have others moved to make room for it. After some that found none in a row the table is full, and a
// search would be in vain: of those that find no place one in many tries it still, and the next one after any that found one.
class RoomSearch {
 public:
  [[nodiscard]] bool worth_it() const noexcept { return refused_ < kPatience || refused_ % kOneOf == 0; }
  void refused() noexcept { ++refused_; }
  void entered(unsigned moves) noexcept {
    if (moves > 0)
      refused_ = 0;
    else if (refused_ >= kPatience)
      refused_ = kOneOf;
  }

 private:
  static constexpr uint32_t kPatience = 8, kOneOf = 64;
  uint32_t refused_ = 0;
};

}  // namespace lb
