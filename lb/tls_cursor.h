// SPDX-License-Identifier: MIT
// Reads the handshake messages of TLS records (RFC 8446 section 5.1) as one run of bytes, wherever the records end.
#pragma once

#include <cstdint>
#include <span>

namespace lb {

// Once something is missing or wrong every read gives zeros and moves nowhere: a reader needs the state in its loops and at its end.
class TlsCursor {
 public:
  enum class State : uint8_t { kOk, kPartial, kBroken };

  // text  from the first byte of a record on; any bytes
  explicit TlsCursor(std::span<const uint8_t> text) noexcept : rest_(text) {}

  [[nodiscard]] State state() const noexcept { return state_; }
  void require(bool holds) noexcept {
    if (!holds && state_ == State::kOk) state_ = State::kBroken;
  }

  // Bytes of handshake read so far.
  [[nodiscard]] size_t position() const noexcept { return position_; }

  // bytes    1..4
  // end      of what they belong to: it is wrong if it ends before
  // returns  the next bytes as a number, big-endian
  uint32_t number(unsigned bytes, size_t end) noexcept {
    require(end - position_ >= bytes);
    uint32_t value = 0;
    while (bytes-- > 0) value = value << 8 | byte();
    return value;
  }

  // Reads the length, of so many bytes, that stands before each vector (RFC 8446 section 3.4).
  // end      of what encloses the vector
  // returns  where the vector ends: when all is well not behind `end`
  size_t vector_end(unsigned length_bytes, size_t end) noexcept {
    const size_t length = number(length_bytes, end);
    require(length <= end - position_);
    return position_ + length;
  }

  void skip_to(size_t end) noexcept {
    while (position_ < end && open_record()) take(end - position_ < record_ ? end - position_ : record_);
  }

 private:
  static constexpr size_t kHeaderBytes = 5, kLongestRecord = 1 << 14;
  static constexpr uint8_t kHandshake = 22, kVersionMajor = 3;

  uint8_t byte() noexcept {
    if (!open_record()) return 0;
    const uint8_t value = rest_[0];
    take(1);
    return value;
  }

  void take(size_t bytes) noexcept {
    if (bytes > rest_.size()) {
      state_ = State::kPartial;
      return;
    }
    rest_ = rest_.subspan(bytes);
    record_ -= bytes;
    position_ += bytes;
  }

  // What there is of a header tells at once whether it is one. False: nothing more can be read.
  bool open_record() noexcept {
    if (state_ != State::kOk) return false;
    if (record_ > 0) {
      if (rest_.empty()) state_ = State::kPartial;
      return state_ == State::kOk;
    }
    if (!rest_.empty()) require(rest_[0] == kHandshake);
    if (rest_.size() > 1) require(rest_[1] == kVersionMajor);
    if (state_ == State::kOk && rest_.size() < kHeaderBytes) state_ = State::kPartial;
    if (state_ != State::kOk) return false;
    record_ = rest_[3] * 256U + rest_[4];
    require(record_ > 0 && record_ <= kLongestRecord);
    rest_ = rest_.subspan(kHeaderBytes);
    if (state_ == State::kOk && rest_.empty()) state_ = State::kPartial;
    return state_ == State::kOk;
  }

  std::span<const uint8_t> rest_;
  size_t record_ = 0;  // bytes of the record that are still to come
  size_t position_ = 0;
  State state_ = State::kOk;
};

}  // namespace lb
