// SPDX-License-Identifier: MIT
#include "lb/aes128.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/lb/evp_aes.h"
#include "tests/lb/hex.h"

namespace lb {
namespace {

AesBlock block_of(std::string_view hex) {
  AesBlock block{};
  std::ranges::copy(test::from_hex(hex), block.begin());
  return block;
}

// libcrypto's code, and the CPU's instructions where it has them.
std::vector<Aes128> ways(const AesKey& key) {
  std::vector<Aes128> made{Aes128(key, false)};
  if (has_aes_instructions()) made.emplace_back(key, true);
  return made;
}

TEST(Aes128, TakesTheExampleOfFips197AppendixC) {
  const AesBlock plain = block_of("00112233445566778899aabbccddeeff");
  const AesBlock sealed = block_of("69c4e0d86a7b0430d8cdb78070b4c55a");

  for (const Aes128& aes : ways(block_of("000102030405060708090a0b0c0d0e0f"))) {
    EXPECT_EQ(aes.encrypt(plain), sealed) << aes.uses_instructions();
    EXPECT_EQ(aes.decrypt(sealed), plain) << aes.uses_instructions();
  }
}

TEST(Aes128, ExpandsTheKeyOfFips197AppendixA) {
  if (!has_aes_instructions()) GTEST_SKIP() << "libcrypto keeps its round keys to itself";
  const Aes128 aes(block_of("2b7e151628aed2a6abf7158809cf4f3c"));

  EXPECT_EQ(aes.encryption_keys()[1], block_of("a0fafe1788542cb123a339392a6c7605"));
  EXPECT_EQ(aes.encryption_keys()[10], block_of("d014f9a8c9ee2589e13f0cc8b6630ca6"));
  EXPECT_EQ(aes.decryption_keys()[0], aes.encryption_keys()[10]);
  EXPECT_EQ(aes.decryption_keys()[10], aes.encryption_keys()[0]);
}

TEST(Aes128, EachWayAgreesWithLibcryptoOnRandomBlocks) {
  std::mt19937_64 random(128);
  const auto draw = [&random] {
    AesBlock block;
    for (uint8_t& octet : block) octet = static_cast<uint8_t>(random());
    return block;
  };
  for (int round = 0; round < 100; ++round) {
    const AesKey key = draw();
    test::EvpAes twin(key);
    const auto both = ways(key);
    for (int i = 0; i < 100; ++i) {
      const AesBlock block = draw();
      for (const Aes128& aes : both) {
        ASSERT_EQ(aes.encrypt(block), twin.encrypt(block)) << aes.uses_instructions();
        ASSERT_EQ(aes.decrypt(block), twin.decrypt(block)) << aes.uses_instructions();
      }
    }
  }
}

}  // namespace
}  // namespace lb
