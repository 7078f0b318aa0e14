// SPDX-License-Identifier: MIT
// The control word of a flow entry, the keys of the two tables, and the modulo arithmetic of ticks.
#include "lb/flow_control.h"

#include <gtest/gtest.h>

#include "lb/flow_key.h"

namespace lb {
namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

TEST(FlowControl, HoldsTheLargestValueOfEachFieldWithoutTouchingTheOthers) {
  const FlowControl all(FlowState::kLive, 255, kNoSlot, 4095, 65535);
  const FlowControl only_slot(FlowState::kEmpty, 0, kNoSlot, 0, 0);

  EXPECT_EQ(all.state(), FlowState::kLive);
  EXPECT_EQ(all.generation(), 255);
  EXPECT_EQ(all.slot(), kNoSlot);
  EXPECT_EQ(all.backend(), 4095);
  EXPECT_EQ(all.tick(), 65535);

  EXPECT_EQ(only_slot.state(), FlowState::kEmpty);
  EXPECT_EQ(only_slot.generation(), 0);
  EXPECT_EQ(only_slot.backend(), 0);
  EXPECT_EQ(only_slot.tick(), 0);
}

TEST(FlowControl, ANewTickLeavesTheFlowTheSame) {
  const FlowControl before(FlowState::kLive, 7, 123, 45, 1000);

  const FlowControl after = before.with_tick(2000);

  EXPECT_EQ(after.tick(), 2000);
  EXPECT_TRUE(after.same_flow(before));
}

TEST(FlowControl, AnotherSlotBackendOrGenerationIsAnotherFlow) {
  const FlowControl flow(FlowState::kLive, 7, 123, 45, 1000);

  EXPECT_FALSE(flow.same_flow({FlowState::kLive, 7, 124, 45, 1000}));
  EXPECT_FALSE(flow.same_flow({FlowState::kLive, 7, 123, 46, 1000}));
  EXPECT_FALSE(flow.same_flow({FlowState::kLive, 8, 123, 45, 1000}));
  EXPECT_FALSE(flow.same_flow({FlowState::kBusy, 7, 123, 45, 1000}));
}

TEST(FlowControl, AnEmptiedPlaceCountsItsGenerationOnAndWrapsAfter255) {
  const FlowControl live(FlowState::kLive, 255, 123, 45, 1000);

  const FlowControl emptied = live.emptied();

  EXPECT_EQ(emptied.state(), FlowState::kEmpty);
  EXPECT_EQ(emptied.generation(), 0);
  EXPECT_EQ(emptied.slot(), 0U);
}

TEST(FlowControl, FlowsWithoutASlotAreToldFromThoseWithOne) {
  EXPECT_TRUE(is_slot(0));
  EXPECT_TRUE(is_slot(kMaxLips * kSlotsPerLip));
  EXPECT_FALSE(is_slot(kNoSlot));
  EXPECT_FALSE(is_slot(kNoSlotClosing));
}

TEST(FlowKey, NarrowKeyGivesItsPartsBack) {
  const auto key = narrow_key(ip("203.0.113.9"), 65535, 32767);

  EXPECT_EQ(client_of(key), ip("203.0.113.9"));
  EXPECT_EQ(client_port_of(key), 65535);
  EXPECT_EQ(listener_of(key), 32767);
}

TEST(FlowKey, WideKeyGivesItsPartsBackForBothFamilies) {
  for (const char* text : {"2001:db8:1:2:3:4:5:6", "203.0.113.9"}) {
    const auto key = wide_key(ip(text), 40000, 77, 8000);

    EXPECT_EQ(client_of(key), ip(text));
    EXPECT_EQ(client_port_of(key), 40000);
    EXPECT_EQ(listener_of(key), 77);
  }
}

TEST(FlowKey, WideKeysDifferByThePortThatTheClientAddressed) {
  const IpAddress client = ip("2001:db8::1");

  EXPECT_NE(wide_key(client, 40000, 77, 8000), wide_key(client, 40000, 77, 8001));
}

TEST(FlowKey, AnIpv6HouseholdIsOneClient) {
  EXPECT_EQ(wide_client_key(ip("2001:db8:1:2::3"), 9), wide_client_key(ip("2001:db8:1:2:ffff::4"), 9));
  EXPECT_NE(wide_client_key(ip("2001:db8:1:2::3"), 9), wide_client_key(ip("2001:db8:1:3::3"), 9));
  EXPECT_NE(narrow_client_key(ip("203.0.113.9"), 9), narrow_client_key(ip("203.0.113.8"), 9));
}

TEST(Ticks, AgeCountsOverTheWrapOfSixteenBits) {
  EXPECT_EQ(ticks_since(5, 65530), 11);
  EXPECT_EQ(ticks_since(100, 100), 0);
  EXPECT_EQ(ticks_since(0, 257), 65279) << "four hours and a bit: still an age";
}

TEST(Ticks, AnotherWorkersFresherClockIsNoAge) {
  EXPECT_EQ(ticks_since(100, 101), 0);
  EXPECT_EQ(ticks_since(100, 100 + 255), 0);
}

TEST(Ticks, TheLongestTimeoutIsToldFromAFreshTick) {
  constexpr uint16_t kLongest = ticks_of_s(kMaxTimeoutS);
  constexpr uint32_t kSweepS = 60;

  EXPECT_GT(ticks_since(static_cast<Tick>(kLongest + kSweepS * kTicksPerSecond), 0), kLongest);
}

}  // namespace
}  // namespace lb
