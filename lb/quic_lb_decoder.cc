// SPDX-License-Identifier: MIT
#include "lb/quic_lb_decoder.h"

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

// One pass of the cipher over ids that do not wait for one another: what `from` says of the other half, whose octets `mask` covers,
// is added to `to`. `trailer` holds the length (R5.5).
template <size_t kCount>
CLEAT_TARGET_AES inline void pass(const AesBlock* keys, const __m128i (&from)[kCount], __m128i (&to)[kCount],
                                  __m128i trailer, __m128i mask) noexcept {
  __m128i blocks[kCount];
  for (size_t i = 0; i < kCount; ++i) blocks[i] = _mm_or_si128(from[i], trailer);
  aes_encrypt(keys, blocks);
  for (size_t i = 0; i < kCount; ++i) to[i] = _mm_xor_si128(to[i], _mm_and_si128(blocks[i], mask));
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

template <size_t kCount>
CLEAT_TARGET_AES void QuicLbDecoder::open_feistel(const std::array<const uint8_t*, kCount>& bodies,
                                                  std::array<uint128, kCount>& opened) const noexcept {
  const AesBlock* keys = aes_->encryption_keys();
  const __m128i left_mask = vector_of(left_mask_), right_mask = vector_of(right_mask_);
  __m128i left[kCount], right[kCount];
  for (size_t i = 0; i < kCount; ++i) {
    const uint128 first = load_octets(bodies[i], length_);
    const uint128 last = length_ > 16 ? load<uint128>(bodies[i] + length_ - 16) >> (8 * (16 - half_))
                                      : first >> (8 * (length_ - half_));
    left[i] = _mm_and_si128(vector_of(first), left_mask);
    right[i] = _mm_and_si128(vector_of(last), right_mask);
  }
  const auto trailer = [length = static_cast<long long>(length_)](long long number) {
    return _mm_set_epi64x(number << 56 | length << 48, 0);
  };
  pass(keys, right, left, trailer(4), left_mask);
  pass(keys, left, right, trailer(3), right_mask);
  pass(keys, right, left, trailer(2), left_mask);
  for (size_t i = 0; i < kCount; ++i) opened[i] = integer_of(left[i]);
  if (!four_passes_) return;
  pass(keys, left, right, trailer(1), right_mask);
  for (size_t i = 0; i < kCount; ++i) opened[i] |= integer_of(right[i]) << (8 * (length_ - half_));
}
#else
uint128 QuicLbDecoder::open_block(const uint8_t* body) const noexcept { return open_by_steps(body); }
template <size_t kCount>
void QuicLbDecoder::open_feistel(const std::array<const uint8_t*, kCount>& bodies,
                                 std::array<uint128, kCount>& opened) const noexcept {
  for (size_t i = 0; i < kCount; ++i) opened[i] = open_by_steps(bodies[i]);
}
#endif

uint128 QuicLbDecoder::open_by_steps(const uint8_t* body) const noexcept {
  uint8_t text[kMaxServerIdAndNonceLength];
  std::memcpy(text, body, length_);
  quic_lb_decrypt(*aes_, server_id_length_, {text, length_});
  return load_octets(text, length_);
}

QuicServerId QuicLbDecoder::decode(const uint8_t* body) const noexcept {
  switch (way_) {
    case Way::kPlaintext:
      return server_id_in(load_octets(body, length_));
    case Way::kBlock:
      return server_id_in(open_block(body));
    case Way::kPlainTwin:
      return server_id_in(open_by_steps(body));
    case Way::kFeistel:
      break;
  }
  std::array<uint128, 1> opened;
  open_feistel<1>({body}, opened);
  return server_id_in(opened[0]);
}

void QuicLbDecoder::decode_lanes(const std::array<const uint8_t*, kLanes>& bodies,
                                 std::array<QuicServerId, kLanes>& ids) const noexcept {
  std::array<uint128, kLanes> opened;
  open_feistel(bodies, opened);
  for (unsigned i = 0; i < kLanes; ++i) ids[i] = server_id_in(opened[i]);
}

}  // namespace lb
