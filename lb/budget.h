// SPDX-License-Identifier: MIT
// So many things a second and not more: a fixed window, so twice as many may come around its edge.
#pragma once

#include <cstdint>

#include "lb/time.h"

namespace lb {

class Budget {
 public:
  explicit constexpr Budget(uint32_t per_second) : per_second_(per_second) {}
  // False, and nothing is taken, when this second's are used up.
  bool take(Now now) noexcept {
    follow(now);
    if (used_ == per_second_) return false;
    ++used_;
    return true;
  }
  [[nodiscard]] uint32_t used(Now now) noexcept {
    follow(now);
    return used_;
  }

 private:
  void follow(Now now) noexcept {
    if (now.ms / 1000 == second_) return;
    second_ = now.ms / 1000;
    used_ = 0;
  }

  uint32_t per_second_;
  uint32_t used_ = 0;
  uint64_t second_ = 0;
};

}  // namespace lb
