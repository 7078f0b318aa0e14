// SPDX-License-Identifier: MIT
// Text by value, of at most kMax bytes: what a reader takes out of a message when it cannot point into it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lb {

template <size_t kMax>
struct ShortText {
  std::array<char, kMax> bytes;
  uint16_t length = 0;

  // False, and nothing changes, when it is full.
  bool push(char c) noexcept {
    if (length == kMax) return false;
    bytes[length++] = c;
    return true;
  }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes.data(), length}; }
};

}  // namespace lb
