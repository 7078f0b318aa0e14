// SPDX-License-Identifier: MIT
#include "control/hex.h"

#include <charconv>

namespace control {

std::optional<std::vector<uint8_t>> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<uint8_t> octets(text.size() / 2);
  for (size_t i = 0; i < octets.size(); ++i) {
    const char* begin = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, octets[i], 16);
    if (error != std::errc() || end != begin + 2) return std::nullopt;
  }
  return octets;
}

std::string to_hex(std::span<const uint8_t> octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t octet : octets) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

}  // namespace control
