// SPDX-License-Identifier: MIT
#include "lb/crc32.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::Bytes;

TEST(Crc32, OfTheDigitsIsTheCheckValue) {
  EXPECT_EQ(crc32(test::bytes_of("123456789")), 0xcbf43926U);
  EXPECT_EQ(crc32({}), 0U);
}

TEST(Crc32, EqualsTheBitwiseTwinAtEveryLengthAndAlignment) {
  std::mt19937 random(11);
  for (size_t length = 0; length < 200; ++length) {
    for (size_t skew = 0; skew < 8; ++skew) {
      Bytes block(skew + length);
      for (uint8_t& byte : block) byte = static_cast<uint8_t>(random());
      const Bytes bytes(block.begin() + static_cast<long>(skew), block.end());
      ASSERT_EQ(crc32({block.data() + skew, length}), test::plain_crc32(bytes)) << length << " at " << skew;
    }
  }
}

TEST(Crc32, EqualsTheBitwiseTwinForTheLongestPayload) {
  Bytes bytes(65507);
  std::mt19937 random(12);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());

  EXPECT_EQ(crc32(bytes), test::plain_crc32(bytes));
}

}  // namespace
}  // namespace lb
