// SPDX-License-Identifier: MIT
// The first bytes of one direction of a TCP connection, put in order (RFC 9293 section 3.10.7.4): a window of some KB that its
// reader moves on. What does not fit is forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace lb {

// Instantiated for the two sizes below.
template <uint32_t kBytes>
class BasicStreamBuffer {
 public:
  static constexpr uint32_t kCapacity = kBytes;
  static constexpr unsigned kMaxHoles = 8;

  // sequence  number of the first byte that is wanted
  void restart(uint32_t sequence) noexcept {
    base_ = sequence;
    runs_ = 0;
  }

  // Takes in one segment's bytes; what lies outside the window, or would make one hole too many, is left out.
  // cost  the copy; a look at kMaxHoles runs
  void add(uint32_t sequence, std::span<const uint8_t> bytes) noexcept;

  // The bytes from the window's begin on, as far as there is no hole. Valid until the next call that changes something.
  [[nodiscard]] std::span<const uint8_t> ready() const noexcept {
    return {bytes_.data(), runs_ > 0 && run_[0].begin == 0 ? run_[0].end : 0};
  }
  [[nodiscard]] bool is_full() const noexcept { return ready().size() == kCapacity; }

  // Moves the window on, also over bytes that have not come yet.
  void consume(uint32_t count) noexcept;

 private:
  struct Run {
    uint32_t begin, end;  // offsets from the window's begin
  };

  uint32_t base_ = 0;
  unsigned runs_ = 0;
  std::array<Run, kMaxHoles + 1> run_;  // in order, apart from each other
  std::array<uint8_t, kCapacity> bytes_;
};

using StreamBuffer = BasicStreamBuffer<8192>;  // of a connection that is read on the way
using PeekBuffer = BasicStreamBuffer<20480>;   // of one that Cleat accepts itself

}  // namespace lb
