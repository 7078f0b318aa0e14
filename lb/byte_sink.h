// SPDX-License-Identifier: MIT
// Bytes appended to room of the caller's, which may end: what does not fit is left out whole and remembered.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "lb/bytes.h"

namespace lb {

class ByteSink {
 public:
  // room  must outlive the sink
  explicit ByteSink(std::span<uint8_t> room) noexcept : room_(room) {}

  void put(std::span<const uint8_t> bytes) noexcept {
    uint8_t* at = grow(bytes.size());
    if (at != nullptr && !bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  }
  void put(uint8_t byte) noexcept { put({&byte, 1}); }
  void put(be16 value) noexcept { put({reinterpret_cast<const uint8_t*>(&value), sizeof(value)}); }
  void put(be32 value) noexcept { put({reinterpret_cast<const uint8_t*>(&value), sizeof(value)}); }

  // Appends bytes for the caller to fill in; nullptr: they do not fit, nor will anything from now on.
  uint8_t* grow(size_t count) noexcept {
    overflowed_ = overflowed_ || count > room_.size() - size_;
    if (overflowed_) return nullptr;
    size_ += count;
    return room_.data() + size_ - count;
  }

  [[nodiscard]] std::span<const uint8_t> bytes() const noexcept { return room_.first(size_); }
  [[nodiscard]] size_t size() const noexcept { return size_; }
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }

 private:
  std::span<uint8_t> room_;
  size_t size_ = 0;
  bool overflowed_ = false;
};

}  // namespace lb
