// SPDX-License-Identifier: MIT
// Seeded 64-bit hashing of a few words: two rounds of folded 64x64 multiplication. The seed is secret where a stranger
// chooses the keys (flow tables); a linear hash such as CRC would give collisions whatever its seed.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "lb/address.h"

namespace lb {

__extension__ typedef unsigned __int128 uint128;

constexpr uint64_t fold_multiply(uint64_t a, uint64_t b) {
  const auto product = static_cast<uint128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

constexpr uint64_t hash_word(uint64_t word, uint64_t seed) {
  const uint64_t once = fold_multiply(word ^ seed, 0x9e3779b97f4a7c15ULL ^ (seed << 1 | 1));
  return fold_multiply(once ^ 0xd6e8feb86659fd93ULL, seed ^ 0xa0761d6478bd642fULL);
}

constexpr uint64_t hash_pair(uint64_t a, uint64_t b, uint64_t seed) {
  return hash_word(b ^ hash_word(a, seed), seed);
}

constexpr uint64_t hash_words(uint64_t a, uint64_t b, uint64_t c, uint64_t seed) {
  return hash_word(c ^ hash_pair(a, b, seed), seed);
}

inline uint64_t hash_address(const IpAddress& address, uint64_t extra, uint64_t seed) {
  return hash_words(address.high(), address.low(), extra, seed);
}

// cost  eight bytes a step
inline uint64_t hash_text(std::string_view text, uint64_t seed) {
  uint64_t hash = hash_word(text.size(), seed);
  while (!text.empty()) {
    const size_t step = text.size() < 8 ? text.size() : 8;
    uint64_t word = 0;
    std::memcpy(&word, text.data(), step);
    hash = hash_word(word ^ hash, seed);
    text.remove_prefix(step);
  }
  return hash;
}

// Maps a hash onto 0..range-1 without a division (Lemire, "Fast random integer generation in an interval", 2019).
constexpr uint32_t reduce(uint64_t hash, uint32_t range) {
  return static_cast<uint32_t>((static_cast<uint128>(hash) * range) >> 64);
}

}  // namespace lb
