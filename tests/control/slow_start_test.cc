// SPDX-License-Identifier: MIT
#include "control/slow_start.h"

#include <gtest/gtest.h>

namespace control {
namespace {

using namespace std::chrono_literals;

class SlowStartTest : public ::testing::Test {
 protected:
  SlowStartTest() {
    pools[0].name = "live";
    pools[0].slow_start_s = 30;
  }
  void begin() { starts.begin("live", backend, 30, begun); }
  uint32_t share_after(std::chrono::milliseconds time) {
    starts.advance(pools, begun + time);
    return starts.share_percent("live", backend);
  }

  const lb::Endpoint backend = *lb::Endpoint::parse("10.20.0.11");
  const SlowStart::Time begun = SlowStart::Time{} + 1h;
  std::vector<PoolConfig> pools{1};
  SlowStart starts;
};

TEST_F(SlowStartTest, GrowsInTenStepsFromATenthToTheWhole) {
  begin();
  EXPECT_EQ(share_after(0ms), 10u);
  EXPECT_EQ(share_after(2999ms), 10u);
  EXPECT_EQ(share_after(3s), 19u);
  EXPECT_EQ(share_after(15s), 55u);
  EXPECT_EQ(share_after(29'999ms), 91u);
  EXPECT_EQ(share_after(30s), 100u);
}

TEST_F(SlowStartTest, SaysWhenAShareChangedAndNotOtherwise) {
  begin();
  EXPECT_FALSE(starts.advance(pools, begun + 1s));
  EXPECT_TRUE(starts.advance(pools, begun + 3s));
  EXPECT_FALSE(starts.advance(pools, begun + 4s));
  EXPECT_TRUE(starts.advance(pools, begun + 30s));
  EXPECT_FALSE(starts.advance(pools, begun + 31s));
}

TEST_F(SlowStartTest, OthersTakeTheirWholeWeight) {
  begin();
  EXPECT_EQ(starts.share_percent("vod", backend), 100u);
  starts.begin("vod", backend, 0, begun);
  EXPECT_EQ(starts.share_percent("vod", backend), 100u);
}

TEST_F(SlowStartTest, EndsWithItsPoolOrWhenItIsTakenOutOfTheFile) {
  begin();
  pools[0].slow_start_s = 0;
  EXPECT_TRUE(starts.advance(pools, begun + 1s));
  EXPECT_EQ(starts.share_percent("live", backend), 100u);
  begin();
  pools.clear();
  EXPECT_TRUE(starts.advance(pools, begun + 1s));
  EXPECT_EQ(starts.share_percent("live", backend), 100u);
}

TEST_F(SlowStartTest, TellsHowLongItLasts) {
  begin();
  EXPECT_EQ(starts.remaining_s("live", backend), 30u);
  share_after(10'500ms);
  EXPECT_EQ(starts.remaining_s("live", backend), 20u);
  starts.end("live", backend);
  EXPECT_EQ(starts.remaining_s("live", backend), 0u);
}

}  // namespace
}  // namespace control
