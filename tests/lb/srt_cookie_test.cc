// SPDX-License-Identifier: MIT
#include "lb/srt_cookie.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace lb {
namespace {

const std::array<uint8_t, 16> kSecret = {1, 2, 3};
const HmacSha1Key kKey(kSecret);
const Endpoint kClient = *Endpoint::parse("198.51.100.7:40000"), kVip = *Endpoint::parse("10.10.0.100:10080");
constexpr Now kNow{1'000'000'000};
constexpr uint32_t kSocket = 5000;

uint32_t made() { return srt_cookie(kKey, kClient, kVip, kSocket, kNow); }
bool is_good(uint32_t cookie, Now now = kNow) {
  return is_srt_cookie(kKey, kClient, kVip, kSocket, cookie, now);
}

TEST(SrtCookie, IsOfOneCallerAlone) {
  EXPECT_TRUE(is_good(made()));
  EXPECT_FALSE(is_srt_cookie(kKey, *Endpoint::parse("198.51.100.8:40000"), kVip, kSocket, made(), kNow));
  EXPECT_FALSE(is_srt_cookie(kKey, *Endpoint::parse("198.51.100.7:40001"), kVip, kSocket, made(), kNow));
  EXPECT_FALSE(is_srt_cookie(kKey, kClient, *Endpoint::parse("10.10.0.100:10081"), kSocket, made(), kNow));
  EXPECT_FALSE(is_srt_cookie(kKey, kClient, kVip, kSocket + 1, made(), kNow));
  EXPECT_FALSE(is_srt_cookie(HmacSha1Key(std::array<uint8_t, 1>{9}), kClient, kVip, kSocket, made(), kNow));
}

TEST(SrtCookie, LivesForOnePeriodAtLeastAndTwoAtMost) {
  EXPECT_TRUE(is_good(made(), {kNow.ms + kSrtCookiePeriodMs}));
  EXPECT_FALSE(is_good(made(), {kNow.ms + 2 * kSrtCookiePeriodMs}));
  EXPECT_FALSE(is_good(made(), {kNow.ms + 4 * kSrtCookiePeriodMs})) << "the two bits of time come round";
  EXPECT_FALSE(is_good(made(), {kNow.ms - kSrtCookiePeriodMs}));
}

TEST(SrtCookie, NoBitOfItMayBeChanged) {
  for (unsigned bit = 0; bit < 32; ++bit) EXPECT_FALSE(is_good(made() ^ 1U << bit)) << bit;
}

TEST(SrtCookie, IsNotGuessed) {
  std::mt19937 random(1);
  unsigned guessed = 0;
  for (unsigned i = 0; i < 200'000; ++i) guessed += is_good(static_cast<uint32_t>(random())) ? 1 : 0;
  EXPECT_EQ(guessed, 0U) << "the chance is one in 2,600";
}

}  // namespace
}  // namespace lb
