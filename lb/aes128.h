// SPDX-License-Identifier: MIT
// AES-128 (FIPS 197), one block at a time, with the key schedule made beforehand: by the CPU's instructions, or by libcrypto.
// No mode: QUIC-LB asks for single blocks.
#pragma once

#include <openssl/aes.h>

#include <array>
#include <cstdint>

namespace lb {

using AesBlock = std::array<uint8_t, 16>;
using AesKey = std::array<uint8_t, 16>;

// Whether this CPU has instructions for AES (x86: AES-NI, and SSSE3 beside it). For set-up: the answer is kept with each key.
bool has_aes_instructions() noexcept;

// Immutable after construction; any thread may read it. It holds the expanded key, so it is as secret as the key is.
class Aes128 {
 public:
  // instructions  false asks for libcrypto's code also where the CPU has a faster way. That code looks up tables, so its time
  //               depends a little on what it reads; where that matters, use a CPU with instructions
  // REQUIRES: instructions only if has_aes_instructions()
  // cost          less than a microsecond
  explicit Aes128(const AesKey& key, bool instructions = has_aes_instructions()) noexcept;

  // One block. No allocation. Cost: some 20 ns with instructions when each waits for the one before, a few ns in a row of
  // independent ones; some 150 ns without.
  [[nodiscard]] AesBlock encrypt(const AesBlock& block) const noexcept;
  [[nodiscard]] AesBlock decrypt(const AesBlock& block) const noexcept;

  [[nodiscard]] bool uses_instructions() const noexcept { return instructions_; }
  // 11 round keys each, in the order in which AESENC and AESDEC take them (FIPS 197 section 5.3.5 for the latter).
  // REQUIRES: uses_instructions()
  [[nodiscard]] const AesBlock* encryption_keys() const noexcept { return encryption_.data(); }
  [[nodiscard]] const AesBlock* decryption_keys() const noexcept { return decryption_.data(); }

 private:
  bool instructions_;
  alignas(16) std::array<AesBlock, 11> encryption_{};
  alignas(16) std::array<AesBlock, 11> decryption_{};
  AES_KEY library_encryption_{}, library_decryption_{};  // without instructions
};

}  // namespace lb
