// SPDX-License-Identifier: MIT
// Handshakes, seen by a player that signs and checks signatures as Flash and librtmp do.
#include "lb/rtmp_handshake.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "lb/hmac_sha256.h"
#include "tests/lb/rtmp_writer.h"

namespace lb {
namespace {

using test::Octets;

const Octets kTail = test::from_hex("f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae");
const Octets kPlayer = test::octets_of("Genuine Adobe Flash Player 001");
const Octets kServer = test::octets_of("Genuine Adobe Flash Media Server 001");

size_t place(const Octets& part, size_t selector) {
  return (part[selector] + part[selector + 1] + part[selector + 2] + part[selector + 3]) % 728U + selector +
         4;
}
Octets slice(const Octets& octets, size_t begin, size_t end) {
  return {octets.begin() + static_cast<long>(begin), octets.begin() + static_cast<long>(end)};
}
Octets sign(const Octets& key, const Octets& data) {
  const Sha256Digest digest = hmac_sha256(key, data, {});
  return {digest.begin(), digest.end()};
}
Octets digest_of(const Octets& part, size_t at, const Octets& key) {
  return sign(key, test::joined({slice(part, 0, at), slice(part, at + 32, 1536)}));
}

Octets random_part(unsigned seed) {
  std::mt19937 random(seed);
  Octets part(1536);
  for (uint8_t& octet : part) octet = static_cast<uint8_t>(random());
  return part;
}
Octets signed_part(unsigned seed, size_t selector) {
  Octets part = random_part(seed);
  const size_t at = place(part, selector);
  const Octets digest = digest_of(part, at, kPlayer);
  std::copy(digest.begin(), digest.end(), part.begin() + static_cast<long>(at));
  return part;
}

struct Answer {
  uint8_t version = 0;
  Octets s1, s2;
};
Answer answer_to(const Octets& c1, uint64_t seed = 1) {
  Octets room(1 + 2 * kRtmpHandshake);
  ByteSink sink(room);
  answer_rtmp_handshake(std::span(c1).first<kRtmpHandshake>(), seed, sink);
  EXPECT_EQ(sink.size(), room.size());
  return {room[0], slice(room, 1, 1537), slice(room, 1537, 3073)};
}

// What librtmp checks before it goes on.
void expect_signed(const Answer& answer, const Octets& c1, size_t selector) {
  EXPECT_NE(slice(answer.s1, 4, 8), Octets(4, 0));
  const size_t at = place(answer.s1, selector);
  EXPECT_EQ(slice(answer.s1, at, at + 32), digest_of(answer.s1, at, kServer));
  const size_t theirs = place(c1, selector);
  const Octets key = sign(test::joined({kServer, kTail}), slice(c1, theirs, theirs + 32));
  EXPECT_EQ(slice(answer.s2, 1504, 1536), sign(key, slice(answer.s2, 0, 1504)));
}

Octets recorded(const char* name) {
  std::ifstream file(std::string(RTMP_VECTORS) + "/" + name, std::ios::binary);
  Octets octets(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(octets.size(), kRtmpHandshake) << name;
  octets.resize(kRtmpHandshake);
  return octets;
}

TEST(RtmpHandshake, AnswersAPlayerThatSignsBeforeTheKey) {
  for (unsigned seed = 0; seed < 50; ++seed)
    expect_signed(answer_to(signed_part(seed, 8), seed), signed_part(seed, 8), 8);
}

TEST(RtmpHandshake, AnswersAPlayerThatSignsBehindTheKey) {
  for (unsigned seed = 0; seed < 50; ++seed)
    expect_signed(answer_to(signed_part(seed, 772), seed), signed_part(seed, 772), 772);
}

TEST(RtmpHandshake, EchoesAPlayerThatDoesNotSign) {
  const Octets c1 = random_part(7);
  const Answer answer = answer_to(c1);
  EXPECT_EQ(answer.version, 3);
  EXPECT_EQ(slice(answer.s1, 0, 8), Octets(8, 0));
  EXPECT_EQ(answer.s2, c1);
}

TEST(RtmpHandshake, TellsRecordedClientsThatSign) {
  EXPECT_EQ(answer_to(recorded("gstreamer.c1")).s2, recorded("gstreamer.c1"));
  expect_signed(answer_to(recorded("ffmpeg.c1")), recorded("ffmpeg.c1"), 8);
  expect_signed(answer_to(recorded("rtmpdump.c1")), recorded("rtmpdump.c1"), 8);
}

TEST(RtmpHandshake, ABrokenSignatureIsNone) {
  Octets c1 = signed_part(3, 8);
  c1[place(c1, 8) + 31] ^= 1;
  EXPECT_EQ(answer_to(c1).s2, c1);
}

TEST(RtmpHandshake, S1DiffersFromConnectionToConnection) {
  EXPECT_NE(answer_to(random_part(1), 1).s1, answer_to(random_part(1), 2).s1);
}

TEST(RtmpHandshake, ToAServerAsksForNoDigest) {
  Octets room(1537);
  ByteSink sink(room);
  begin_rtmp_handshake(sink);
  ASSERT_EQ(sink.size(), 1537U);
  EXPECT_EQ(slice(room, 0, 9), test::from_hex("030000000000000000"));
}

}  // namespace
}  // namespace lb
