// SPDX-License-Identifier: MIT
// What accessors of a StunMessage give (rule S20 of tests/vectors/stun/STUN.md, RFC 8489 section 14, RFC 8445 section 16).
#include <gtest/gtest.h>

#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::Bytes;
using test::ParsedStun;
using test::StunWriter;

constexpr std::string_view kKey = "VOkJxbRl1RmTxUk/WvJxBt";
const HmacSha1Key kPrepared{test::bytes_of(kKey)};

ParsedStun with(unsigned type, const Bytes& value) {
  return ParsedStun(StunWriter(0x0101).attribute(type, value).bytes());
}

TEST(StunAttributes, S20IcesOwnAreRead) {
  const ParsedStun stun(StunWriter(0x0001)
                            .attribute(0x0024, {0x6e, 0, 1, 0xff})
                            .attribute(0x0025, "")
                            .attribute(0x8029, {0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36})
                            .attribute(0x802a, {0, 0, 0, 0, 0, 0, 0, 7})
                            .bytes());

  EXPECT_EQ(stun->priority(), 0x6e0001ffU);
  EXPECT_TRUE(stun->use_candidate());
  EXPECT_EQ(stun->controlled(), 0x932ff9b151263b36U);
  EXPECT_EQ(stun->controlling(), 7U);
  EXPECT_EQ(stun->transaction(), test::kTransaction);
}

TEST(StunAttributes, AbsentOnesAreAbsent) {
  const ParsedStun stun(StunWriter(0x0001).bytes());

  EXPECT_FALSE(stun->username() || stun->priority() || stun->controlled() || stun->controlling());
  EXPECT_FALSE(stun->xor_mapped_address() || stun->error_code() || stun->use_candidate());
  EXPECT_FALSE(stun->has_fingerprint() || stun->has_integrity() || stun->fingerprint_ok());
  EXPECT_FALSE(stun->integrity_ok(kPrepared));
}

TEST(StunAttributes, OnesOfAWrongSizeAreAbsent) {
  for (size_t length = 0; length < 40; ++length) {
    const Bytes value(length, 1);
    EXPECT_EQ(with(0x0024, value)->priority().has_value(), length == 4);
    EXPECT_EQ(with(0x0025, value)->use_candidate(), length == 0);
    EXPECT_EQ(with(0x8029, value)->controlled().has_value(), length == 8);
    EXPECT_EQ(with(0x802a, value)->controlling().has_value(), length == 8);
    EXPECT_EQ(with(0x0020, value)->xor_mapped_address().has_value(), length == 8) << "of family 1";
    EXPECT_FALSE(with(0x0008, value)->integrity_ok(kPrepared));
  }
}

TEST(StunAttributes, MappedAddressesAreOfTwoFamilies) {
  for (unsigned family = 0; family < 256; ++family)
    for (const size_t length : {8U, 20U}) {
      Bytes value(length);
      value[1] = static_cast<uint8_t>(family);
      const bool good = (family == 1 && length == 8) || (family == 2 && length == 20);
      EXPECT_EQ(with(0x0020, value)->xor_mapped_address().has_value(), good) << family << " " << length;
    }
}

TEST(StunAttributes, AnIpv4AddressInIpv6ClothesIsRefused) {
  Bytes value = {0, 2, 0, 0};
  const Bytes mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  Bytes mask = {0x21, 0x12, 0xa4, 0x42};
  mask.insert(mask.end(), test::kTransaction.bytes.begin(), test::kTransaction.bytes.end());
  for (size_t i = 0; i < 16; ++i) value.push_back(mapped[i] ^ mask[i]);

  EXPECT_FALSE(with(0x0020, value)->xor_mapped_address());
}

TEST(StunAttributes, ErrorCodesAre300To699) {
  for (unsigned hundreds = 0; hundreds < 8; ++hundreds)
    for (unsigned rest = 0; rest < 256; ++rest) {
      const auto code =
          with(0x0009, {0, 0, static_cast<uint8_t>(hundreds), static_cast<uint8_t>(rest)})->error_code();
      const bool good = hundreds >= 3 && hundreds <= 6 && rest < 100;
      ASSERT_EQ(code.value_or(0), good ? hundreds * 100 + rest : 0);
    }
  EXPECT_FALSE(with(0x0009, Bytes(3, 4))->error_code());
  EXPECT_EQ(with(0x0009, {0, 0, 4, 1, 'N', 'o'})->error_code(), 401);
  EXPECT_EQ(with(0x0009, {0xff, 0xff, 0xfc, 1})->error_code(), 401) << "reserved bits are ignored";
}

TEST(StunAttributes, IntegrityCoversEachBitBeforeIt) {
  const Bytes right = StunWriter(0x0001).username("srvA:cliB").integrity(kKey).fingerprint().bytes();
  ASSERT_TRUE(ParsedStun(right)->integrity_ok(kPrepared));
  for (size_t bit = 0; bit < (right.size() - 8) * 8; ++bit) {
    Bytes wrong = right;
    wrong[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    const ParsedStun stun(wrong);
    if (stun.parsed) {
      EXPECT_FALSE(stun->integrity_ok(kPrepared)) << bit;
    }
  }
}

TEST(StunAttributes, IntegrityIsOfOneKey) {
  const ParsedStun stun(StunWriter(0x0001).username("srvA:cliB").integrity(kKey).bytes());

  EXPECT_TRUE(stun->integrity_ok(kPrepared));
  EXPECT_FALSE(stun->integrity_ok(HmacSha1Key(test::bytes_of("VOkJxbRl1RmTxUk/WvJxBu"))));
  EXPECT_FALSE(stun->integrity_ok(HmacSha1Key(Bytes{})));
}

TEST(StunAttributes, WhatIsAppendedAfterIntegrityDoesNotBreakIt) {
  StunWriter writer(0x0001);
  writer.username("srvA:cliB").integrity(kKey).attribute(0x8022, "appended");

  EXPECT_TRUE(ParsedStun(writer.bytes())->integrity_ok(kPrepared));
}

TEST(StunAttributes, TheMessageIsNotWrittenTo) {
  const Bytes bytes = StunWriter(0x0001).username("srvA:cliB").integrity(kKey).fingerprint().bytes();
  const ParsedStun stun(bytes);

  EXPECT_TRUE(stun->integrity_ok(kPrepared) && stun->fingerprint_ok());

  EXPECT_EQ(Bytes(stun.block.get(), stun.block.get() + stun.size), bytes);
}

}  // namespace
}  // namespace lb
