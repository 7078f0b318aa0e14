// SPDX-License-Identifier: MIT
// One AES-128 block by AES-NI, for code that keeps its data in a register. Only for a CPU that has_aes_instructions():
// callers carry CLEAT_TARGET_AES themselves, and are reached only after that was asked.
#pragma once

#if defined(__x86_64__)
#define CLEAT_HAS_AESNI 1
#include <immintrin.h>

#include <cstddef>

#include "lb/aes128.h"

namespace lb {

#define CLEAT_TARGET_AES [[gnu::target("aes,ssse3")]]

CLEAT_TARGET_AES inline __m128i aes_round_key(const AesBlock* keys, unsigned round) noexcept {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(keys + round));
}

// Blocks that do not wait for one another, a round of all at a time.
// keys  encryption_keys() of an Aes128
template <size_t kCount>
CLEAT_TARGET_AES inline void aes_encrypt(const AesBlock* keys, __m128i (&blocks)[kCount]) noexcept {
  const __m128i first = aes_round_key(keys, 0), last = aes_round_key(keys, 10);
  for (__m128i& block : blocks) block = _mm_xor_si128(block, first);
  for (unsigned round = 1; round < 10; ++round) {
    const __m128i key = aes_round_key(keys, round);
    for (__m128i& block : blocks) block = _mm_aesenc_si128(block, key);
  }
  for (__m128i& block : blocks) block = _mm_aesenclast_si128(block, last);
}

// keys  decryption_keys() of an Aes128
CLEAT_TARGET_AES inline __m128i aes_decrypt(const AesBlock* keys, __m128i block) noexcept {
  block = _mm_xor_si128(block, aes_round_key(keys, 0));
  for (unsigned round = 1; round < 10; ++round) block = _mm_aesdec_si128(block, aes_round_key(keys, round));
  return _mm_aesdeclast_si128(block, aes_round_key(keys, 10));
}

}  // namespace lb
#else
#define CLEAT_HAS_AESNI 0
#endif
