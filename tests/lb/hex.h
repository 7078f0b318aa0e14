// SPDX-License-Identifier: MIT
// Octets as RFCs and drafts print them, and octets that a sanitizer watches to the last.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lb::test {

using Octets = std::vector<uint8_t>;

// hex  pairs of digits; blanks between pairs are skipped
inline Octets from_hex(std::string_view hex) {
  Octets octets;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    while (hex[i] == ' ') ++i;
    octets.push_back(static_cast<uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return octets;
}

inline std::string to_hex(std::span<const uint8_t> octets) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t octet : octets) text += {kDigits[octet >> 4], kDigits[octet & 15]};
  return text;
}

// A copy on the heap that ends where the octets end: reading one more is seen by AddressSanitizer.
class ExactOctets {
 public:
  explicit ExactOctets(std::span<const uint8_t> octets)
      : data_(new uint8_t[octets.size()]), size_(octets.size()) {
    if (size_ != 0) std::memcpy(data_.get(), octets.data(), size_);
  }
  [[nodiscard]] std::span<const uint8_t> view() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<uint8_t[]> data_;
  size_t size_;
};

}  // namespace lb::test
