// SPDX-License-Identifier: MIT
#include "control/panic.h"

#include <gtest/gtest.h>

namespace control {
namespace {

TEST(Panic, OfASmallPoolOnlyAllAreTooMany) {
  const PanicThreshold automatic;
  EXPECT_FALSE(is_panic(automatic, 3, 2));
  EXPECT_FALSE(is_panic(automatic, 7, 6));
  EXPECT_TRUE(is_panic(automatic, 3, 3));
  EXPECT_TRUE(is_panic(automatic, 1, 1));
}

TEST(Panic, OfALargePoolMoreThanHalfAreTooMany) {
  const PanicThreshold automatic;
  EXPECT_FALSE(is_panic(automatic, 8, 4));
  EXPECT_TRUE(is_panic(automatic, 8, 5));
  EXPECT_FALSE(is_panic(automatic, 100, 50));
  EXPECT_TRUE(is_panic(automatic, 100, 51));
}

TEST(Panic, AGivenShareHoldsForAnyPool) {
  EXPECT_TRUE(is_panic({50}, 3, 2));
  EXPECT_FALSE(is_panic({50}, 2, 1));
  EXPECT_FALSE(is_panic({100}, 3, 2));
  EXPECT_TRUE(is_panic({100}, 3, 3));
  EXPECT_FALSE(is_panic({0}, 3, 3));
}

TEST(Panic, WithNobodyDownOrNobodyThereIsNone) {
  for (const PanicThreshold& threshold : {PanicThreshold{}, PanicThreshold{0}, PanicThreshold{1}}) {
    EXPECT_FALSE(is_panic(threshold, 0, 0));
    EXPECT_FALSE(is_panic(threshold, 5, 0));
  }
}

TEST(Panic, ThresholdIsReadAsItIsWritten) {
  for (const char* text : {"auto", "0%", "50%", "100%"}) {
    const auto threshold = parse_panic_threshold(text);
    ASSERT_TRUE(threshold) << text;
    EXPECT_EQ(panic_threshold_text(*threshold), text);
  }
  EXPECT_EQ(parse_panic_threshold("0"), PanicThreshold{0});
  for (const char* text : {"", "50", "101%", "-1%", "5 %", "half", "50%%", "1.5%", "99999999999%"})
    EXPECT_FALSE(parse_panic_threshold(text)) << text;
}

}  // namespace
}  // namespace control
