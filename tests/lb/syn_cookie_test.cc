// SPDX-License-Identifier: MIT
#include "lb/syn_cookie.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace lb {
namespace {

const std::array<uint8_t, 16> kSecret = {1, 2, 3};
const HmacSha1Key kKey(kSecret);
const Endpoint kClient = *Endpoint::parse("198.51.100.7:40000"), kVip = *Endpoint::parse("10.10.0.100:1935");
constexpr Now kNow{1'000'000'000};
constexpr SynOptions kSaid{.mss = 1460, .window_scale = 7, .sack = true};

std::optional<SynOptions> read(uint32_t cookie, Now now = kNow, const Endpoint& client = kClient,
                               uint32_t number = 5000) {
  const auto found = read_syn_cookie(kKey, client, kVip, number, cookie, now);
  return found && !found->is_late ? std::optional(found->options) : std::nullopt;
}
bool is_late(uint32_t cookie, Now now) {
  const auto found = read_syn_cookie(kKey, kClient, kVip, 5000, cookie, now);
  return found && found->is_late;
}

TEST(SynCookie, BringsBackWhatTheSynSaid) {
  for (const unsigned mss : {536U, 1160U, 1220U, 1300U, 1360U, 1400U, 1440U, 1460U})
    for (const unsigned scale : {0U, 7U, 14U, unsigned{SynOptions::kNoScale}})
      for (const bool sack : {false, true}) {
        const SynOptions said{
            .mss = static_cast<uint16_t>(mss), .window_scale = static_cast<uint8_t>(scale), .sack = sack};
        EXPECT_EQ(read(syn_cookie(kKey, kClient, kVip, 5000, said, kNow)), said);
      }
}

TEST(SynCookie, RoundsTheMssDownAndNeverBelow536) {
  const auto mss_of = [](uint16_t said) {
    return read(syn_cookie(kKey, kClient, kVip, 5000, {.mss = said}, kNow))->mss;
  };
  EXPECT_EQ(mss_of(8960), 1460);
  EXPECT_EQ(mss_of(1459), 1440);
  EXPECT_EQ(mss_of(1159), 536);
  EXPECT_EQ(mss_of(100), 536);
}

TEST(SynCookie, IsOfOneConnectionAlone) {
  const uint32_t cookie = syn_cookie(kKey, kClient, kVip, 5000, kSaid, kNow);
  EXPECT_FALSE(read(cookie, kNow, *Endpoint::parse("198.51.100.8:40000")));
  EXPECT_FALSE(read(cookie, kNow, *Endpoint::parse("198.51.100.7:40001")));
  EXPECT_FALSE(read(cookie, kNow, kClient, 5001));
  EXPECT_FALSE(read_syn_cookie(HmacSha1Key(std::array<uint8_t, 1>{9}), kClient, kVip, 5000, cookie, kNow));
}

TEST(SynCookie, LivesForOnePeriodAtLeastAndTwoAtMost) {
  const uint32_t cookie = syn_cookie(kKey, kClient, kVip, 5000, kSaid, kNow);
  EXPECT_TRUE(read(cookie, {kNow.ms + kCookiePeriodMs}));
  EXPECT_FALSE(read(cookie, {kNow.ms + 2 * kCookiePeriodMs}));
  EXPECT_FALSE(read(cookie, {kNow.ms + 4 * kCookiePeriodMs})) << "the two bits of time come round";
  EXPECT_FALSE(read(cookie, {kNow.ms - kCookiePeriodMs}));
}

TEST(SynCookie, IsKnownAsALateOneForTwoPeriodsMore) {
  const uint32_t cookie = syn_cookie(kKey, kClient, kVip, 5000, kSaid, kNow);
  for (const unsigned periods : {2U, 3U}) EXPECT_TRUE(is_late(cookie, {kNow.ms + periods * kCookiePeriodMs}));
  for (const unsigned periods : {0U, 1U, 4U, 8U})
    EXPECT_FALSE(is_late(cookie, {kNow.ms + periods * kCookiePeriodMs}));
}

TEST(SynCookie, NoBitOfItMayBeChanged) {
  const uint32_t cookie = syn_cookie(kKey, kClient, kVip, 5000, kSaid, kNow);
  for (unsigned bit = 0; bit < 32; ++bit) EXPECT_FALSE(read(cookie ^ 1U << bit)) << bit;
}

TEST(SynCookie, IsGuessedAsSeldomAsItsTwentyTwoBitsSay) {
  std::mt19937 random(1);
  unsigned guessed = 0;
  for (unsigned i = 0; i < 200'000; ++i) guessed += read(static_cast<uint32_t>(random())) ? 1 : 0;
  EXPECT_LE(guessed, 3U);
}

}  // namespace
}  // namespace lb
