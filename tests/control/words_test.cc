// SPDX-License-Identifier: MIT
// Durations as text, and the word that was probably meant.
#include <gtest/gtest.h>

#include "control/duration.h"
#include "control/nearest.h"

namespace control {
namespace {

TEST(Duration, IsAWholeNumberWithItsUnit) {
  EXPECT_EQ(parse_duration_ms("500ms"), 500u);
  EXPECT_EQ(parse_duration_ms("1s"), 1000u);
  EXPECT_EQ(parse_duration_ms("2m"), 120'000u);
  EXPECT_EQ(parse_duration_ms("3h"), 10'800'000u);
  for (const char* text :
       {"", "1", "s", "-1s", "1.5s", "1 s", "1S", "1m30s", "99999999999999999999ms", "999999999999999h"})
    EXPECT_FALSE(parse_duration_ms(text)) << text;
}

TEST(Duration, ItsTextIsReadBackAsTheSame) {
  EXPECT_EQ(duration_text(1500), "1500ms");
  EXPECT_EQ(duration_text(120'000), "2m");
  for (const uint64_t ms : {0u, 1u, 999u, 1000u, 60'000u, 3'600'000u, 86'400'000u})
    EXPECT_EQ(parse_duration_ms(duration_text(ms)), ms);
}

TEST(Nearest, IsFewestEditsAwayButNotTooMany) {
  const std::vector<std::string> known = {"interval", "timeout", "rise", "fall"};
  EXPECT_EQ(nearest("intervall", known), "interval");
  EXPECT_EQ(nearest("itnerval", known), "interval");
  EXPECT_EQ(nearest("Timeout", known), "timeout");
  EXPECT_EQ(nearest("raise", known), "rise");
  EXPECT_EQ(nearest("backends", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest(std::string(10'000, 'i'), known), "");
}

TEST(Nearest, SuggestsAllWhereNoneIsNear) {
  EXPECT_EQ(suggestion("x", {"tcp", "http", "port"}), "tcp, http and port are known");
  EXPECT_EQ(suggestion("longer", {"tcp"}), "tcp is known");
  EXPECT_EQ(suggestion("x", {}), "none is known");
}

}  // namespace
}  // namespace control
