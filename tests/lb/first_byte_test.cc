// SPDX-License-Identifier: MIT
#include "lb/first_byte.h"

#include <gtest/gtest.h>

#include <array>

namespace lb {
namespace {

struct Range {
  unsigned first, last;
  PayloadKind kind;
};

// RFC 9443 section 3, figure 1 (128..191: with an RTP payload type behind it).
constexpr Range kRanges[] = {{0, 3, PayloadKind::kStun},    {4, 15, PayloadKind::kOther},
                             {16, 19, PayloadKind::kOther}, {20, 63, PayloadKind::kDtls},
                             {64, 79, PayloadKind::kQuic},  {80, 127, PayloadKind::kQuic},
                             {128, 191, PayloadKind::kRtp}, {192, 255, PayloadKind::kQuic}};

TEST(FirstByte, EachOfThe256ValuesIsInOneRangeOfRfc9443) {
  unsigned seen = 0;
  for (const Range& range : kRanges) {
    ASSERT_EQ(range.first, seen) << "the ranges follow each other";
    for (; seen <= range.last; ++seen) {
      const std::array<uint8_t, 2> payload = {static_cast<uint8_t>(seen), 96};
      EXPECT_EQ(payload_kind(payload), range.kind) << seen;
    }
  }
  EXPECT_EQ(seen, 256U);
}

TEST(FirstByte, RtcpIsToldFromRtpByThePacketType) {
  for (unsigned first = 128; first <= 191; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::array<uint8_t, 2> payload = {static_cast<uint8_t>(first), static_cast<uint8_t>(second)};
      // RFC 5761 section 4: packet types 192..223, that is payload types 64..95 with the marker bit.
      const bool rtcp = (second & 0x80) != 0 && (second & 0x7f) >= 64 && (second & 0x7f) <= 95;
      ASSERT_EQ(payload_kind(payload), rtcp ? PayloadKind::kRtcp : PayloadKind::kRtp)
          << first << " " << second;
    }
  }
}

TEST(FirstByte, TheSecondByteSaysNothingElsewhere) {
  for (unsigned first = 0; first < 256; ++first) {
    if (first >= 128 && first <= 191) continue;
    const std::array<uint8_t, 2> payload = {static_cast<uint8_t>(first), 200};
    EXPECT_EQ(payload_kind(payload), payload_kind(std::span(payload).first(1))) << first;
  }
}

TEST(FirstByte, TooShortToTellIsOther) {
  const uint8_t rtp_or_rtcp[] = {0x80};

  EXPECT_EQ(payload_kind({}), PayloadKind::kOther);
  EXPECT_EQ(payload_kind(rtp_or_rtcp), PayloadKind::kOther);
}

}  // namespace
}  // namespace lb
