// SPDX-License-Identifier: MIT
#include "lb/quic_lb_cipher.h"

#include <algorithm>
#include <cstring>

namespace lb {
namespace {

enum class Side : bool { kLeft, kRight };

// Both halves of the text. With an odd length they share the octet in the middle: its high nibble is the last of the left
// half, its low nibble the first of the right (R5.4).
class Halves {
 public:
  explicit Halves(std::span<const uint8_t> text) noexcept : length_(text.size()), half_((length_ + 1) / 2) {
    std::copy_n(text.begin(), half_, left_.begin());
    std::copy_n(text.end() - static_cast<ptrdiff_t>(half_), half_, right_.begin());
    clear(Side::kLeft);
    clear(Side::kRight);
  }

  // target ^= truncate(AES(expand(length, pass, other half))), R5.5 - R5.7. The draft's "General Case" prints the wrong
  // half in the clearing of its second step.
  void pass(const Aes128& aes, Side target, uint8_t number) noexcept {
    AesBlock expanded = target == Side::kLeft ? right_ : left_;
    expanded[14] = static_cast<uint8_t>(length_);
    expanded[15] = number;
    const AesBlock out = aes.encrypt(expanded);
    AesBlock& half = target == Side::kLeft ? left_ : right_;
    for (size_t i = 0; i < half_; ++i) half[i] = static_cast<uint8_t>(half[i] ^ out[i]);
    clear(target);
  }

  void join(std::span<uint8_t> text) const noexcept {
    const size_t middle = length_ / 2;
    std::copy_n(left_.begin(), half_, text.begin());
    std::copy_n(right_.begin(), half_, text.begin() + static_cast<ptrdiff_t>(middle));
    text[middle] = static_cast<uint8_t>(left_[middle] | right_[0]);  // left is zero there if it ends before
  }

 private:
  void clear(Side side) noexcept {
    if ((length_ & 1) == 0) return;
    if (side == Side::kLeft)
      left_[length_ / 2] &= 0xf0;
    else
      right_[0] &= 0x0f;
  }

  size_t length_, half_;       // 5..19, 3..10
  AesBlock left_{}, right_{};  // half_ octets, then zeros
};

void one_block(std::span<uint8_t> text, AesBlock (Aes128::*turn)(const AesBlock&) const noexcept,
               const Aes128& aes) {
  AesBlock block;
  std::memcpy(block.data(), text.data(), block.size());
  block = (aes.*turn)(block);
  std::memcpy(text.data(), block.data(), block.size());
}

}  // namespace

void quic_lb_encrypt(const Aes128& aes, std::span<uint8_t> text) noexcept {
  if (text.size() == 16) return one_block(text, &Aes128::encrypt, aes);
  Halves halves(text);
  halves.pass(aes, Side::kRight, 1);
  halves.pass(aes, Side::kLeft, 2);
  halves.pass(aes, Side::kRight, 3);
  halves.pass(aes, Side::kLeft, 4);
  halves.join(text);
}

void quic_lb_decrypt(const Aes128& aes, size_t server_id_length, std::span<uint8_t> text) noexcept {
  if (text.size() == 16) return one_block(text, &Aes128::decrypt, aes);
  Halves halves(text);
  halves.pass(aes, Side::kLeft, 4);
  halves.pass(aes, Side::kRight, 3);
  halves.pass(aes, Side::kLeft, 2);
  if (server_id_length > text.size() - server_id_length) halves.pass(aes, Side::kRight, 1);
  halves.join(text);
}

}  // namespace lb
