// SPDX-License-Identifier: MIT
// Is it STUN, is it well formed: rules S1 to S9 of tests/vectors/stun/STUN.md, by number.
#include "lb/stun.h"

#include <gtest/gtest.h>

#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::binding_request;
using test::Bytes;
using test::ParsedStun;
using test::server_of;
using test::StunWriter;

constexpr unsigned kRequest = 0x0001, kUsername = 0x0006;
constexpr std::string_view kKey = "VOkJxbRl1RmTxUk/WvJxBt";

TEST(Stun, S1ADatagramOfLessThanAHeaderIsNotStun) {
  const Bytes header = StunWriter(kRequest).bytes();
  for (size_t length = 0; length < 20; ++length)
    EXPECT_EQ(ParsedStun(Bytes(header.begin(), header.begin() + static_cast<long>(length))).fault(),
              "not_stun");
  EXPECT_EQ(ParsedStun(header).fault(), "");
}

TEST(Stun, S2AFirstOctetAbove3IsNotStun) {
  for (unsigned first = 0; first < 256; ++first) {
    Bytes bytes = binding_request("srvA:cliB");
    bytes[0] = static_cast<uint8_t>(first);
    EXPECT_EQ(ParsedStun(bytes).fault(), first <= 3 ? "" : "not_stun") << first;
  }
}

TEST(Stun, S3EachBitOfTheMagicCookieCounts) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    Bytes bytes = binding_request("srvA:cliB");
    bytes[4 + bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    EXPECT_EQ(ParsedStun(bytes).fault(), "not_stun") << bit;
  }
}

TEST(Stun, S4TheLengthIsAMultipleOfFour) {
  for (const unsigned length : {13U, 14U, 15U, 17U, 0xffffU})
    EXPECT_EQ(ParsedStun(StunWriter(kRequest).username("srvA:cliB").length(length).bytes()).fault(),
              "odd_length");
}

TEST(Stun, S5TheMessageFillsThePayload) {
  for (const unsigned length : {0U, 8U, 12U, 20U, 0xfffcU})
    EXPECT_EQ(ParsedStun(StunWriter(kRequest).username("srvA:cliB").length(length).bytes()).fault(),
              "other_length");
  Bytes trailing = binding_request("srvA:cliB");
  trailing.resize(trailing.size() + 4);
  EXPECT_EQ(ParsedStun(trailing).fault(), "other_length");
}

TEST(Stun, S5NoMessageIsLongerThanAUdpPayload) {
  const auto of_size = [](size_t size) {
    return ParsedStun(StunWriter(kRequest).attribute(0x8022, Bytes(size - 24)).bytes()).fault();
  };

  EXPECT_EQ(of_size(65504), "");
  EXPECT_EQ(of_size(65508), "other_length");
  EXPECT_EQ(of_size(65552), "other_length") << "the longest that the length field can say";
}

TEST(Stun, S6AnAttributeLiesInsideTheMessageWithItsPadding) {
  const Bytes eight(8, 'a');
  for (const unsigned length : {9U, 12U, 100U, 0xfffcU, 0xffffU})
    EXPECT_EQ(ParsedStun(StunWriter(kRequest).header(kUsername, length).raw(eight).bytes()).fault(),
              "attribute_too_long")
        << length;
  for (const unsigned length : {5U, 6U, 7U, 8U})
    EXPECT_EQ(ParsedStun(StunWriter(kRequest).header(kUsername, length).raw(eight).bytes()).fault(), "")
        << length;
}

TEST(Stun, S6Past64AttributesNoneIsBelieved) {
  const auto with = [](unsigned empty_ones) {
    StunWriter writer(kRequest);
    for (unsigned i = 0; i < empty_ones; ++i) writer.attribute(0x8022, "");
    return writer.username("srvA:cliB").bytes();
  };

  EXPECT_EQ(server_of(with(63)), "srvA");
  EXPECT_EQ(server_of(with(64)), "none");
  const ParsedStun crowded(with(64));
  EXPECT_TRUE(crowded->too_many_attributes());
  EXPECT_FALSE(ParsedStun(with(63))->too_many_attributes());
}

TEST(Stun, S6WhatWasKeptBeforeThe65thAttributeIsForgotten) {
  StunWriter writer(kRequest);
  writer.username("srvA:cliB").attribute(0x0024, Bytes(4)).integrity(kKey);
  for (unsigned i = 0; i < 62; ++i) writer.attribute(0x8022, "");

  const ParsedStun crowded(writer.bytes());

  EXPECT_FALSE(crowded->username());
  EXPECT_FALSE(crowded->priority());
  EXPECT_FALSE(crowded->integrity_ok(HmacSha1Key(test::bytes_of(kKey))));
}

TEST(Stun, S7PaddingMayHaveAnyValue) {
  const Bytes bytes =
      StunWriter(kRequest).attribute(kUsername, test::bytes_of("srvA:cliB"), 0xff).fingerprint().bytes();

  EXPECT_EQ(server_of(bytes), "srvA");
  EXPECT_TRUE(ParsedStun(bytes)->fingerprint_ok());
}

TEST(Stun, S8TheFingerprintIsTheLastAttributeAndHasFourBytes) {
  EXPECT_EQ(ParsedStun(StunWriter(kRequest).fingerprint().username("srvA:cliB").bytes()).fault(),
            "fingerprint_place");
  EXPECT_EQ(ParsedStun(StunWriter(kRequest).fingerprint().fingerprint().bytes()).fault(),
            "fingerprint_place");
  for (const size_t length : {0U, 3U, 5U, 8U})
    EXPECT_EQ(ParsedStun(StunWriter(kRequest).attribute(0x8028, Bytes(length)).bytes()).fault(),
              "fingerprint_length");
}

TEST(Stun, S8EachBitBeforeTheFingerprintCounts) {
  const Bytes right = StunWriter(kRequest).username("srvA:cliB").fingerprint().bytes();
  EXPECT_TRUE(ParsedStun(right)->fingerprint_ok());
  for (size_t bit = 0; bit < right.size() * 8; ++bit) {
    Bytes wrong = right;
    wrong[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
    const ParsedStun stun(wrong);
    if (stun.parsed) {
      EXPECT_FALSE(stun->fingerprint_ok()) << bit;
    }
  }
}

TEST(Stun, S8NoFingerprintIsNoFault) {
  const ParsedStun stun(binding_request("srvA:cliB"));

  EXPECT_FALSE(stun->has_fingerprint());
  EXPECT_FALSE(stun->fingerprint_ok());
}

TEST(Stun, S9UnknownAttributesAreNotOurAffair) {
  for (const unsigned type : {0x0000U, 0x7fffU, 0x8000U, 0xffffU})
    EXPECT_EQ(server_of(StunWriter(kRequest).attribute(type, "zzzz").username("srvA:cliB").bytes()), "srvA");
}

}  // namespace
}  // namespace lb
