// SPDX-License-Identifier: MIT
#include "lb/quic_lb_decoder.h"

#include <bit>
#include <cstring>

#include "lb/aes128_instructions.h"
#include "lb/bytes.h"
#include "lb/quic_lb_cipher.h"

namespace lb {
namespace {

// Octets of a connection id in one integer, the first lowest (lb/bytes.h asserts little-endian).
template <typename Word>
Word load(const uint8_t* octets) noexcept {
  Word word;
  std::memcpy(&word, octets, sizeof(word));
  return word;
}

// The first 16 of `length` octets, or all with zeros above. length 5..19; no other octet is read.
uint128 load_octets(const uint8_t* octets, unsigned length) noexcept {
  if (length >= 16) return load<uint128>(octets);
  if (length >= 8)
    return load<uint64_t>(octets) | uint128{load<uint64_t>(octets + length - 8)} << (8 * (length - 8));
  return load<uint32_t>(octets) | uint64_t{load<uint32_t>(octets + length - 4)} << (8 * (length - 4));
}

constexpr uint128 low_octets(unsigned count) {
  return count >= 16 ? ~uint128{0} : (uint128{1} << (8 * count)) - 1;
}

#if CLEAT_HAS_AESNI
CLEAT_TARGET_AES inline __m128i vector_of(uint128 value) noexcept {
  return _mm_set_epi64x(static_cast<long long>(static_cast<uint64_t>(value >> 64)),
                        static_cast<long long>(static_cast<uint64_t>(value)));
}
CLEAT_TARGET_AES inline uint128 integer_of(__m128i value) noexcept {
  const auto low = static_cast<uint64_t>(_mm_cvtsi128_si64(value));
  const auto high = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(value, value)));
  return uint128{high} << 64 | low;
}

// One pass of the cipher: what `from` adds to the other half, whose octets `mask` covers. `trailer` holds the length (R5.5).
CLEAT_TARGET_AES inline __m128i pass(const AesBlock* keys, __m128i from, __m128i trailer,
                                     __m128i mask) noexcept {
  return _mm_and_si128(aes_encrypt(keys, _mm_or_si128(from, trailer)), mask);
}
#endif

}  // namespace

QuicLbDecoder::QuicLbDecoder(const QuicLbConfig& config, bool instructions) noexcept
    : way_(Way::kPlaintext),
      cid_length_(static_cast<uint8_t>(config.cid_length())),
      length_(static_cast<uint8_t>(cid_length_ - 1)),
      half_(static_cast<uint8_t>((length_ + 1) / 2)),
      server_id_length_(config.server_id_length),
      encodes_length_(config.encodes_length),
      four_passes_(config.server_id_length > config.nonce_length),
      server_id_mask_(low_octets(config.server_id_length)),
      left_mask_(low_octets(half_)),
      right_mask_(left_mask_) {
  if (length_ % 2 != 0) {  // the octet that both halves share: high nibble left, low nibble right (R5.4)
    left_mask_ ^= uint128{0x0f} << (8 * (half_ - 1));
    right_mask_ ^= 0xf0;
  }
  if (!config.key) return;
  aes_.emplace(*config.key, instructions);
  way_ = !instructions ? Way::kPlainTwin : length_ == 16 ? Way::kBlock : Way::kFeistel;
}

#if CLEAT_HAS_AESNI
CLEAT_TARGET_AES uint128 QuicLbDecoder::open_block(const uint8_t* body) const noexcept {
  return integer_of(aes_decrypt(aes_->decryption_keys(), vector_of(load<uint128>(body))));
}

CLEAT_TARGET_AES uint128 QuicLbDecoder::open_feistel(const uint8_t* body) const noexcept {
  const uint128 first = load_octets(body, length_);
  const uint128 last = length_ > 16 ? load<uint128>(body + length_ - 16) >> (8 * (16 - half_))
                                    : first >> (8 * (length_ - half_));
  const AesBlock* keys = aes_->encryption_keys();
  const __m128i left_mask = vector_of(left_mask_), right_mask = vector_of(right_mask_);
  __m128i left = _mm_and_si128(vector_of(first), left_mask);
  __m128i right = _mm_and_si128(vector_of(last), right_mask);
  const auto trailer = [length = static_cast<long long>(length_)](long long number) {
    return _mm_set_epi64x(number << 56 | length << 48, 0);
  };
  left = _mm_xor_si128(left, pass(keys, right, trailer(4), left_mask));
  right = _mm_xor_si128(right, pass(keys, left, trailer(3), right_mask));
  left = _mm_xor_si128(left, pass(keys, right, trailer(2), left_mask));
  if (!four_passes_) return integer_of(left);
  right = _mm_xor_si128(right, pass(keys, left, trailer(1), right_mask));
  return integer_of(left) | integer_of(right) << (8 * (length_ - half_));
}
#else
uint128 QuicLbDecoder::open_block(const uint8_t* body) const noexcept { return open_by_steps(body); }
uint128 QuicLbDecoder::open_feistel(const uint8_t* body) const noexcept { return open_by_steps(body); }
#endif

uint128 QuicLbDecoder::open_by_steps(const uint8_t* body) const noexcept {
  uint8_t text[kMaxServerIdAndNonceLength];
  std::memcpy(text, body, length_);
  quic_lb_decrypt(*aes_, server_id_length_, {text, length_});
  return load_octets(text, length_);
}

QuicServerId QuicLbDecoder::decode(const uint8_t* body) const noexcept {
  uint128 octets;
  switch (way_) {
    case Way::kPlaintext:
      octets = load_octets(body, length_);
      break;
    case Way::kBlock:
      octets = open_block(body);
      break;
    case Way::kFeistel:
      octets = open_feistel(body);
      break;
    case Way::kPlainTwin:
      octets = open_by_steps(body);
      break;
    default:
      __builtin_unreachable();
  }
  octets = (octets & server_id_mask_) | uint128{server_id_length_} << 120;
  return std::bit_cast<QuicServerId>(octets);
}

}  // namespace lb
