// SPDX-License-Identifier: MIT
// Whole messages: RFC 5769's, and the malformed ones of tests/vectors/stun, each with what becomes of it.
#include "tests/lb/stun_vectors.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/lb/stun_writer.h"

namespace lb {
namespace {

using test::Bytes;
using test::ParsedStun;
using test::StunVerdict;

struct Outcome {
  StunVerdict verdict;
  std::string detail;
};

// The order of a service that insists on right fingerprints.
Outcome outcome_of(const ParsedStun& stun) {
  if (!stun.parsed)
    return {stun.parsed.fault() == StunFault::kNotStun ? StunVerdict::kNotStun : StunVerdict::kDrop,
            stun.fault()};
  if (stun->has_fingerprint() && !stun->fingerprint_ok()) return {StunVerdict::kDrop, "fingerprint"};
  const auto ufrags = stun->ufrags();
  if (!ufrags) return {StunVerdict::kNoUsername, ""};
  return {StunVerdict::kRoute, std::string(ufrags->server)};
}

TEST(StunVectors, EachHasItsVerdict) {
  for (const auto& vector : test::kStunVectors) {
    const Outcome outcome = outcome_of(ParsedStun(test::from_hex(vector.hex)));
    EXPECT_EQ(outcome.verdict, vector.verdict) << vector.name << ": " << outcome.detail;
    if (vector.verdict == StunVerdict::kRoute) {
      EXPECT_EQ(outcome.detail, vector.detail) << vector.name;
    }
  }
}

TEST(StunVectors, EachFaultIsCausedByOne) {
  std::set<std::string> faults;
  for (const auto& vector : test::kStunVectors) faults.insert(ParsedStun(test::from_hex(vector.hex)).fault());

  const std::set<std::string> all = {"",
                                     "not_stun",
                                     "odd_length",
                                     "other_length",
                                     "attribute_too_long",
                                     "fingerprint_length",
                                     "fingerprint_place",
                                     "username_too_long"};
  EXPECT_EQ(faults, all);
}

TEST(StunVectors, Rfc5769IsSignedAndFingerprinted) {
  for (const auto& vector : test::kRfc5769Vectors) {
    const ParsedStun stun(test::from_hex(vector.hex));
    const HmacSha1Key key(test::from_hex(vector.key_hex));

    ASSERT_TRUE(stun.parsed) << vector.name;
    EXPECT_EQ(outcome_of(stun).verdict, vector.verdict) << vector.name;
    EXPECT_TRUE(stun->integrity_ok(key)) << vector.name;
    EXPECT_EQ(stun->has_fingerprint(), vector.fingerprint) << vector.name;
    EXPECT_EQ(stun->fingerprint_ok(), vector.fingerprint) << vector.name;
  }
}

TEST(StunVectors, Rfc5769SampleRequestIsRead) {
  const ParsedStun stun(test::from_hex(test::kRfc5769Vectors[0].hex));  // section 2.1

  EXPECT_TRUE(stun->is_binding(StunClass::kRequest));
  EXPECT_EQ(stun->transaction(), test::kTransaction);
  EXPECT_EQ(stun->username(), "evtj:h6vY");
  EXPECT_EQ(stun->ufrags()->server, "evtj");
  EXPECT_EQ(stun->ufrags()->client, "h6vY");
  EXPECT_EQ(stun->priority(), 0x6e0001ffU);
  EXPECT_EQ(stun->controlled(), 0x932ff9b151263b36U);
  EXPECT_FALSE(stun->controlling());
}

TEST(StunVectors, Rfc5769SampleResponsesAreRead) {
  const ParsedStun v4(test::from_hex(test::kRfc5769Vectors[1].hex));  // section 2.2
  const ParsedStun v6(test::from_hex(test::kRfc5769Vectors[2].hex));  // section 2.3

  EXPECT_TRUE(v4->is_binding(StunClass::kSuccess) && v6->is_binding(StunClass::kSuccess));
  EXPECT_EQ(v4->xor_mapped_address(), test::endpoint("192.0.2.1:32853"));
  EXPECT_EQ(v6->xor_mapped_address(), test::endpoint("[2001:db8:1234:5678:11:2233:4455:6677]:32853"));
}

TEST(StunVectors, Rfc5769LongTermUsernameIsNoIceName) {
  const ParsedStun stun(test::from_hex(test::kRfc5769Vectors[3].hex));  // section 2.4

  EXPECT_EQ(stun->username(), "\u30de\u30c8\u30ea\u30c3\u30af\u30b9");
  EXPECT_FALSE(stun->ufrags());
}

}  // namespace
}  // namespace lb
