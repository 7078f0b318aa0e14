// SPDX-License-Identifier: MIT
// OpenSSL 3 deprecates AES_encrypt() for its EVP interface, which keeps its contexts on the heap and checks a block's way
// each time.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "lb/aes128.h"

#include "lb/aes128_instructions.h"

namespace lb {
namespace {

#if CLEAT_HAS_AESNI
__m128i load(const AesBlock& block) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(block.data()));
}
AesBlock stored(__m128i value) noexcept {
  AesBlock block;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(block.data()), value);
  return block;
}

// FIPS 197 section 5.2, a round: each word is the one before it plus its own of the last round key.
template <int kConstant>
CLEAT_TARGET_AES AesBlock next_key(const AesBlock& last) noexcept {
  __m128i key = load(last);
  const __m128i turned = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(key, kConstant), 0xff);
  for (int i = 0; i < 3; ++i) key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
  return stored(_mm_xor_si128(key, turned));
}

template <int... kConstants>
void expand(std::array<AesBlock, 11>& keys) noexcept {
  size_t round = 0;
  ((keys[round + 1] = next_key<kConstants>(keys[round]), ++round), ...);
}

// The "equivalent inverse cipher" of FIPS 197 section 5.3.5.
CLEAT_TARGET_AES void invert(const std::array<AesBlock, 11>& keys,
                             std::array<AesBlock, 11>& inverse) noexcept {
  inverse[0] = keys[10];
  for (unsigned i = 1; i < 10; ++i) inverse[i] = stored(_mm_aesimc_si128(load(keys[10 - i])));
  inverse[10] = keys[0];
}

void expand_key(const AesKey& key, std::array<AesBlock, 11>& encryption,
                std::array<AesBlock, 11>& decryption) noexcept {
  encryption[0] = key;
  expand<0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36>(encryption);
  invert(encryption, decryption);
}
CLEAT_TARGET_AES AesBlock instruction_encrypt(const AesBlock* keys, const AesBlock& block) noexcept {
  __m128i blocks[] = {load(block)};
  aes_encrypt(keys, blocks);
  return stored(blocks[0]);
}
CLEAT_TARGET_AES AesBlock instruction_decrypt(const AesBlock* keys, const AesBlock& block) noexcept {
  return stored(aes_decrypt(keys, load(block)));
}
#else
void expand_key(const AesKey&, std::array<AesBlock, 11>&, std::array<AesBlock, 11>&) noexcept {}
AesBlock instruction_encrypt(const AesBlock*, const AesBlock& block) noexcept { return block; }
AesBlock instruction_decrypt(const AesBlock*, const AesBlock& block) noexcept { return block; }
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
  if (instructions_) {
    expand_key(key, encryption_, decryption_);
  } else {
    AES_set_encrypt_key(key.data(), 128, &library_encryption_);
    AES_set_decrypt_key(key.data(), 128, &library_decryption_);
  }
}

AesBlock Aes128::encrypt(const AesBlock& block) const noexcept {
  if (instructions_) return instruction_encrypt(encryption_.data(), block);
  AesBlock out;
  AES_encrypt(block.data(), out.data(), &library_encryption_);
  return out;
}

AesBlock Aes128::decrypt(const AesBlock& block) const noexcept {
  if (instructions_) return instruction_decrypt(decryption_.data(), block);
  AesBlock out;
  AES_decrypt(block.data(), out.data(), &library_decryption_);
  return out;
}

}  // namespace lb
