// SPDX-License-Identifier: MIT
// Reads values of AMF 0 (Adobe's Action Message Format AMF 0, 2007), one behind another.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lb {

// A value that is not of the kind asked for, or that the bytes end in, makes the reader fail: from then on it finds nothing.
// No allocation, no state but a place in the bytes.
class Amf0Reader {
 public:
  // Objects and arrays in each other, as far as skip() follows.
  static constexpr unsigned kMaxDepth = 8;

  // bytes  any; must outlive the reader and the views that it returns
  explicit Amf0Reader(std::span<const uint8_t> bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] std::optional<double> number() noexcept;
  // Also a long one; the view points into the bytes.
  [[nodiscard]] std::optional<std::string_view> string() noexcept;
  // Enters an object or ECMA array: key() and one value in turn, until there is no key.
  bool object() noexcept;
  // nullopt: the object has ended, or failed()
  [[nodiscard]] std::optional<std::string_view> key() noexcept;
  // Passes over a value of any type that is in use. AMF 3 values in between and types reserved by the specification fail.
  bool skip() noexcept { return skip(0); }

  [[nodiscard]] bool is_next_number() const noexcept;
  [[nodiscard]] bool is_next_string() const noexcept;
  [[nodiscard]] bool is_at_end() const noexcept { return bytes_.empty(); }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

 private:
  [[nodiscard]] std::optional<uint32_t> length(size_t bytes) noexcept;
  [[nodiscard]] std::optional<std::string_view> text(size_t length_bytes) noexcept;
  bool pass(size_t count) noexcept;
  bool skip(unsigned depth) noexcept;
  bool skip_properties(unsigned depth) noexcept;
  bool fail() noexcept {
    failed_ = true;
    bytes_ = {};
    return false;
  }

  std::span<const uint8_t> bytes_;
  bool failed_ = false;
};

}  // namespace lb
