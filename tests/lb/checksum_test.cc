// SPDX-License-Identifier: MIT
#include "lb/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/lb/frame_builder.h"

namespace lb {
namespace {

using test::Bytes;
using test::ip;

be16 whole(const Bytes& bytes) { return checksum_of(add_bytes(0, bytes.data(), bytes.size())); }

TEST(Checksum, SumsTheBytesOfRfc1071) {
  const Bytes bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};  // section 3

  EXPECT_EQ(be16{fold_sum(add_bytes(0, bytes.data(), bytes.size()))}.host(), 0xddf2);
}

TEST(Checksum, EqualsTheNaiveSumAtEveryLengthAndAlignment) {
  std::mt19937 random(2);
  for (size_t length = 0; length < 100; ++length) {
    for (size_t skew = 0; skew < 4; ++skew) {
      Bytes block(skew + length);
      for (uint8_t& byte : block) byte = static_cast<uint8_t>(random());
      const be16 got = checksum_of(add_bytes(0, block.data() + skew, length));
      EXPECT_EQ(got.host(),
                test::naive_checksum(Bytes(block.begin() + static_cast<long>(skew), block.end())));
    }
  }
}

TEST(Checksum, LongRunsOfOnesDoNotOverflow) {
  const Bytes ones(65535, 0xff);

  EXPECT_EQ(whole(ones).host(), test::naive_checksum(ones));
}

TEST(Checksum, FoldsAsWordByWordAdditionWithEndAroundCarryDoes) {
  std::mt19937_64 random(3);
  const auto check = [](uint64_t sum) {
    uint64_t plain = sum;
    while (plain > 0xffff) plain = (plain & 0xffff) + (plain >> 16);
    EXPECT_EQ(fold_sum(sum), plain) << sum;
  };
  for (const uint64_t edge : {uint64_t{0}, uint64_t{0xffff}, uint64_t{0x10000}, uint64_t{0xffffffff},
                              uint64_t{0x100000000}, uint64_t{0xffff0000ffff}, ~uint64_t{0}})
    for (uint64_t near = edge - 3; near != edge + 4; ++near) check(near);
  for (int i = 0; i < 100'000; ++i) check(random() >> random() % 64);
}

TEST(Checksum, UpdatesTheExampleOfRfc1624) {
  // Section 4: checksum dd2f, a field goes from 5555 to 3285, the result is 0000 and not ffff.
  ChecksumDelta delta;
  delta.change(be16::of(0x5555), be16::of(0x3285));

  EXPECT_EQ(delta.apply(be16::of(0xdd2f)).host(), 0x0000);
}

TEST(Checksum, AUdpChecksumThatComesOutAsZeroIsSentAsOnes) {
  ChecksumDelta delta;
  delta.change(be16::of(0x5555), be16::of(0x3285));

  EXPECT_EQ(delta.apply_udp(be16::of(0xdd2f)).host(), 0xffff);
}

TEST(Checksum, AnAbsentUdpChecksumStaysAbsent) {
  ChecksumDelta delta;
  delta.change(be32::of(0x01020304), be32::of(0xc0a80001));

  EXPECT_EQ(delta.apply_udp(be16{}).raw, 0);
}

TEST(Checksum, NothingChangedChangesNothing) {
  ChecksumDelta delta;
  delta.change(be16::of(1935), be16::of(1935));
  delta.change(ip("2001:db8::1"), ip("2001:db8::1"));

  for (unsigned checksum = 0; checksum < 0xffff; ++checksum)
    ASSERT_EQ(delta.apply(be16::of(static_cast<uint16_t>(checksum))).host(), checksum);
}

// A header of random words, some rewritten: updated and recomputed checksums are the same bytes, except where the sum
// itself is zero, for which both 0000 and ffff are right and RFC 1624 keeps apart what recomputing cannot.
TEST(Checksum, AMillionRandomRewritesMatchAFullSum) {
  std::mt19937_64 random(3);
  for (unsigned round = 0; round < 1'000'000; ++round) {
    uint64_t words[5];
    for (uint64_t& word : words) word = random() % 8 == 0 ? (random() % 2 ? ~uint64_t{0} : 0) : random();
    const auto* bytes = reinterpret_cast<const uint8_t*>(words);
    const be16 before = checksum_of(add_bytes(0, bytes, sizeof(words)));

    ChecksumDelta delta;
    const uint64_t old_high = words[0], old_low = words[1];
    words[0] = random();
    words[1] = random();
    delta.change(IpAddress::of_words(old_high, old_low), IpAddress::of_words(words[0], words[1]));
    be32 four;
    be16 two;
    std::memcpy(&four, &words[2], 4);
    std::memcpy(&two, &words[3], 2);
    const be32 new_four{static_cast<uint32_t>(random())};
    const be16 new_two{static_cast<uint16_t>(random())};
    delta.change(four, new_four);
    delta.change(two, new_two);
    std::memcpy(&words[2], &new_four, 4);
    std::memcpy(&words[3], &new_two, 2);

    const be16 updated = delta.apply(before), full = checksum_of(add_bytes(0, bytes, sizeof(words)));
    ASSERT_EQ(updated.host() % 0xffff, full.host() % 0xffff) << "round " << round;
  }
}

TEST(Checksum, PseudoHeadersMatchTheNaiveSum) {
  // RFC 768 and RFC 8200 section 8.1, written out
  const Bytes v4 = {198, 51, 100, 7, 10, 10, 0, 100, 0, 17, 0x12, 0x34};
  const Bytes v6 = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 0x01, 0x0d, 0xb8,
                    0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 2, 0,    0,    0,    58};

  EXPECT_EQ(checksum_of(pseudo_header_sum(ip("198.51.100.7"), ip("10.10.0.100"), 17, 0x1234)).host(),
            test::naive_checksum(v4));
  EXPECT_EQ(checksum_of(pseudo_header_sum(ip("2001:db8::1"), ip("2001:db8::2"), 58, 0x10002)).host(),
            test::naive_checksum(v6));
}

}  // namespace
}  // namespace lb
