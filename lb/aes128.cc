// SPDX-License-Identifier: MIT
#include "lb/aes128.h"

#include <cstring>

#include "lb/aes128_instructions.h"

namespace lb {
namespace {

constexpr uint8_t byte(unsigned value) { return static_cast<uint8_t>(value); }

// Multiplication by x in GF(2^8), modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197 section 4.2.1).
constexpr uint8_t times_x(uint8_t a) { return byte((a << 1) ^ ((a & 0x80) != 0 ? 0x1b : 0)); }

struct Boxes {
  std::array<uint8_t, 256> forward{}, inverse{};
};

// FIPS 197 section 5.1.1: the inverse in GF(2^8), then an affine map. p runs through the powers of 3, q through their inverses.
constexpr Boxes make_boxes() {
  Boxes boxes;
  const auto rotated = [](uint8_t a, unsigned bits) { return byte((a << bits) | (a >> (8 - bits))); };
  uint8_t p = 1, q = 1;
  do {
    p = byte(p ^ times_x(p));
    for (const unsigned shift : {1U, 2U, 4U}) q = byte(q ^ (q << shift));
    if ((q & 0x80) != 0) q = byte(q ^ 0x09);
    boxes.forward[p] = byte(q ^ rotated(q, 1) ^ rotated(q, 2) ^ rotated(q, 3) ^ rotated(q, 4) ^ 0x63);
  } while (p != 1);
  boxes.forward[0] = 0x63;
  for (unsigned i = 0; i < 256; ++i) boxes.inverse[boxes.forward[i]] = byte(i);
  return boxes;
}
constexpr Boxes kBoxes = make_boxes();
static_assert(kBoxes.forward[0x53] == 0xed && kBoxes.inverse[0xed] == 0x53, "FIPS 197 section 5.1.1");

void add(AesBlock& state, const AesBlock& key) noexcept {
  for (unsigned i = 0; i < 16; ++i) state[i] = byte(state[i] ^ key[i]);
}

void mix_columns(AesBlock& state) noexcept {
  for (unsigned c = 0; c < 16; c += 4) {
    const uint8_t a = state[c], all = byte(a ^ state[c + 1] ^ state[c + 2] ^ state[c + 3]);
    for (unsigned r = 0; r < 4; ++r) {
      const uint8_t next = r == 3 ? a : state[c + r + 1];
      state[c + r] = byte(state[c + r] ^ all ^ times_x(byte(state[c + r] ^ next)));
    }
  }
}

// The inverse map is the forward one after a smaller one: (e b d 9) = (2 3 1 1) x (5 0 4 0).
void unmix_columns(AesBlock& state) noexcept {
  for (unsigned c = 0; c < 16; c += 4) {
    const uint8_t even = times_x(times_x(byte(state[c] ^ state[c + 2])));
    const uint8_t odd = times_x(times_x(byte(state[c + 1] ^ state[c + 3])));
    for (unsigned r = 0; r < 4; ++r) state[c + r] = byte(state[c + r] ^ ((r & 1) == 0 ? even : odd));
  }
  mix_columns(state);
}

// SubBytes and ShiftRows, or their inverses: row r moves by r columns.
void substitute(AesBlock& state, const std::array<uint8_t, 256>& box, unsigned step) noexcept {
  const AesBlock old = state;
  for (unsigned i = 0; i < 16; ++i) state[i] = box[old[(i + step * (i % 4)) % 16]];
}

AesBlock portable_encrypt(const AesBlock* keys, AesBlock state) noexcept {
  add(state, keys[0]);
  for (unsigned round = 1; round <= 10; ++round) {
    substitute(state, kBoxes.forward, 4);
    if (round < 10) mix_columns(state);
    add(state, keys[round]);
  }
  return state;
}

// The "equivalent inverse cipher" of FIPS 197 section 5.3.5.
AesBlock portable_decrypt(const AesBlock* keys, AesBlock state) noexcept {
  add(state, keys[0]);
  for (unsigned round = 1; round <= 10; ++round) {
    substitute(state, kBoxes.inverse, 12);
    if (round < 10) unmix_columns(state);
    add(state, keys[round]);
  }
  return state;
}

#if CLEAT_HAS_AESNI
__m128i load(const AesBlock& block) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(block.data()));
}
AesBlock stored(__m128i value) noexcept {
  AesBlock block;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(block.data()), value);
  return block;
}
CLEAT_TARGET_AES AesBlock instruction_encrypt(const AesBlock* keys, const AesBlock& block) noexcept {
  return stored(aes_encrypt(keys, load(block)));
}
CLEAT_TARGET_AES AesBlock instruction_decrypt(const AesBlock* keys, const AesBlock& block) noexcept {
  return stored(aes_decrypt(keys, load(block)));
}
#else
constexpr auto instruction_encrypt = portable_encrypt;
constexpr auto instruction_decrypt = portable_decrypt;
#endif

}  // namespace

bool has_aes_instructions() noexcept {
#if CLEAT_HAS_AESNI
  return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("ssse3") != 0;
#else
  return false;
#endif
}

Aes128::Aes128(const AesKey& key, bool instructions) noexcept : instructions_(instructions) {
  encryption_[0] = key;
  uint8_t constant = 1;
  for (unsigned round = 1; round <= 10; ++round) {  // FIPS 197 section 5.2
    const AesBlock& last = encryption_[round - 1];
    AesBlock& next = encryption_[round];
    for (unsigned i = 0; i < 4; ++i) next[i] = byte(last[i] ^ kBoxes.forward[last[12 + (i + 1) % 4]]);
    next[0] = byte(next[0] ^ constant);
    for (unsigned i = 4; i < 16; ++i) next[i] = byte(last[i] ^ next[i - 4]);
    constant = times_x(constant);
  }
  for (unsigned round = 0; round <= 10; ++round) {
    decryption_[round] = encryption_[10 - round];
    if (round != 0 && round != 10) unmix_columns(decryption_[round]);
  }
}

AesBlock Aes128::encrypt(const AesBlock& block) const noexcept {
  return instructions_ ? instruction_encrypt(encryption_.data(), block)
                       : portable_encrypt(encryption_.data(), block);
}

AesBlock Aes128::decrypt(const AesBlock& block) const noexcept {
  return instructions_ ? instruction_decrypt(decryption_.data(), block)
                       : portable_decrypt(decryption_.data(), block);
}

}  // namespace lb
