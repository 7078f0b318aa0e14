// SPDX-License-Identifier: MIT
#include "lb/stun_builder.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/lb/stun_vectors.h"
#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::Bytes;
using test::ParsedStun;
using test::StunWriter;

constexpr std::string_view kKey = "VOkJxbRl1RmTxUk/WvJxBt";  // of RFC 5769
const HmacSha1Key kPrepared{test::bytes_of(kKey)};

Bytes copy(std::span<const uint8_t> message) { return {message.begin(), message.end()}; }

// A buffer of exactly so many bytes: AddressSanitizer sees every byte written beyond it.
struct Room {
  explicit Room(size_t size) : bytes(new uint8_t[size]), span(bytes.get(), size) {}
  std::unique_ptr<uint8_t[]> bytes;
  std::span<uint8_t> span;
};

// RFC 5769 pads with spaces; the builder with zeros, so integrity and FINGERPRINT differ. Written anew by plain means.
StunWriter sample(unsigned type, std::string_view software) {
  return StunWriter(type).attribute(0x8022, software);
}

TEST(StunBuilder, WritesRfc5769SampleRequestWithPaddingOfZeros) {
  Room room(200);  // section 2.1
  StunBuilder builder(room.span, kStunBinding, StunClass::kRequest, test::kTransaction);
  builder.attribute(stun_attribute::kSoftware, test::bytes_of("STUN test client"))
      .priority(0x6e0001ff)
      .controlled(0x932ff9b151263b36)
      .username("evtj:h6vY");
  const Bytes original = test::from_hex(test::kRfc5769Vectors[0].hex);
  Bytes rest(original.begin() + 20, original.end() - 32);  // without integrity and FINGERPRINT
  std::fill(rest.end() - 3, rest.end(), uint8_t{0});
  const Bytes expected = StunWriter(0x0001).raw(rest).integrity(kKey).fingerprint().bytes();

  EXPECT_EQ(copy(builder.integrity(kPrepared).fingerprint().message()), expected);
}

TEST(StunBuilder, WritesRfc5769SampleResponsesWithPaddingOfZeros) {
  const char* mapped[] = {"192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"};
  for (unsigned i = 0; i < 2; ++i) {  // sections 2.2, 2.3
    Room room(200);
    StunBuilder builder(room.span, kStunBinding, StunClass::kSuccess, test::kTransaction);
    builder.attribute(stun_attribute::kSoftware, test::bytes_of("test vector"));
    builder.xor_mapped_address(test::endpoint(mapped[i])).integrity(kPrepared).fingerprint();
    const Bytes original = test::from_hex(test::kRfc5769Vectors[1 + i].hex);
    const Bytes address(original.begin() + 36, original.end() - 32);

    EXPECT_EQ(copy(builder.message()),
              sample(0x0101, "test vector").raw(address).integrity(kKey).fingerprint().bytes());
  }
}

TEST(StunBuilder, WritesRfc5769LongTermRequestByteForByte) {
  Room room(200);  // section 2.4, the one with padding of zeros
  const Bytes expected = test::from_hex(test::kRfc5769Vectors[3].hex);
  TransactionId transaction;
  std::copy_n(expected.begin() + 8, 12, transaction.bytes.begin());

  StunBuilder builder(room.span, kStunBinding, StunClass::kRequest, transaction);
  builder.username("\u30de\u30c8\u30ea\u30c3\u30af\u30b9")
      .attribute(0x0015, test::bytes_of("f//499k954d6OL34oL9FSTvy64sA"))
      .attribute(0x0014, test::bytes_of("example.org"))
      .integrity(HmacSha1Key(test::from_hex(test::kRfc5769Vectors[3].key_hex)));

  EXPECT_EQ(copy(builder.message()), expected);
}

TEST(StunBuilder, ChecksReadAsTheyWereWritten) {
  std::mt19937_64 random(16);
  for (unsigned round = 0; round < 2'000; ++round) {
    const std::string name = std::string(4 + random() % 253, 's') + ":" + std::string(random() % 257, 'c');
    StunCheck check{.username = name, .priority = static_cast<uint32_t>(random()), .tie_breaker = random()};
    for (uint8_t& byte : check.transaction.bytes) byte = static_cast<uint8_t>(random());
    check.controlling = random() % 2 == 0;
    check.use_candidate = random() % 2 == 0;
    check.key = random() % 2 == 0 ? &kPrepared : nullptr;
    Room room(kMaxStunCheck);

    const ParsedStun stun(copy(build_binding_request(room.span, check)));

    ASSERT_EQ(stun.fault(), "") << round;
    EXPECT_TRUE(stun->is_binding(StunClass::kRequest) && stun->fingerprint_ok());
    EXPECT_EQ(stun->transaction(), check.transaction);
    EXPECT_EQ(stun->username(), name);
    EXPECT_EQ(stun->priority(), check.priority);
    EXPECT_EQ(check.controlling ? stun->controlling() : stun->controlled(), check.tie_breaker);
    EXPECT_FALSE(check.controlling ? stun->controlled() : stun->controlling());
    EXPECT_EQ(stun->use_candidate(), check.use_candidate);
    EXPECT_EQ(stun->has_integrity(), check.key != nullptr);
    EXPECT_EQ(stun->integrity_ok(kPrepared), check.key != nullptr);
  }
}

TEST(StunBuilder, SuccessesTellTheClientsAddress) {
  for (const char* mapped : {"192.0.2.1:1", "0.0.0.0:65535", "[2001:db8::1]:8000", "[ffff:ffff::ffff]:65535"})
    for (const HmacSha1Key* key : {&kPrepared, static_cast<const HmacSha1Key*>(nullptr)}) {
      Room room(kMaxStunAnswer);
      const ParsedStun stun(
          copy(build_binding_success(room.span, test::kTransaction, test::endpoint(mapped), key)));

      EXPECT_TRUE(stun->is_binding(StunClass::kSuccess) && stun->fingerprint_ok());
      EXPECT_EQ(stun->transaction(), test::kTransaction);
      EXPECT_EQ(stun->xor_mapped_address(), test::endpoint(mapped));
      EXPECT_EQ(stun->integrity_ok(kPrepared), key != nullptr);
    }
}

TEST(StunBuilder, ErrorsTellTheirCode) {
  for (const StunError error :
       {StunError::kBadRequest, StunError::kUnauthenticated, StunError::kRoleConflict}) {
    Room room(kMaxStunAnswer);
    const ParsedStun stun(copy(build_binding_error(room.span, test::kTransaction, error, &kPrepared)));

    EXPECT_TRUE(stun->is_binding(StunClass::kError) && stun->fingerprint_ok());
    EXPECT_EQ(stun->error_code(), static_cast<uint16_t>(error));
    EXPECT_TRUE(stun->integrity_ok(kPrepared));
  }
}

TEST(StunBuilder, WhatDoesNotFitIsNotWritten) {
  const std::string name = std::string(256, 's') + ":" + std::string(256, 'c');
  const StunCheck check{.username = name, .use_candidate = true, .key = &kPrepared};
  for (size_t size = 0; size < kMaxStunCheck; ++size) {
    Room room(size);
    ASSERT_TRUE(build_binding_request(room.span, check).empty()) << size;
  }
  Room room(kMaxStunCheck);
  EXPECT_EQ(build_binding_request(room.span, check).size(), kMaxStunCheck);
}

TEST(StunBuilder, AUsernameLongerThanIcesIsNotWritten) {
  const std::string name(514, 's');
  Room room(1000);

  EXPECT_TRUE(build_binding_request(room.span, {.username = name}).empty());
}

}  // namespace
}  // namespace lb
