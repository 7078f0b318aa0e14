// SPDX-License-Identifier: MIT
// The state segment: what may be laid out, and what an earlier process left that may be taken over.
#include "lb/segment.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/lb/segment_memory.h"

namespace lb {
namespace {

using test::kSmallSegment;
using test::SegmentMemory;

constexpr Now kMade{10'000'000};
constexpr uint64_t kLongestAbsenceMs = uint64_t{kMaxTimeoutS} * 1000;

// Where the header's fields lie: they may not move without a new version.
constexpr size_t kVersionAt = 8, kFlowsAt = 12;

std::string problem_of(const SegmentGeometry& geometry) { return geometry.problem(); }

Identity lip(const char* address) {
  Identity identity;
  identity.kind = IdentityKind::kLip;
  identity.address = IpAddress::parse(address).value();
  return identity;
}

class SegmentTest : public testing::Test {
 protected:
  SegmentTest() { static_cast<void>(memory_.format(kMade)); }

  void overwrite(size_t offset, uint32_t value) {
    std::memcpy(memory_.bytes().data() + offset, &value, sizeof(value));
  }
  std::string attach_error(Now now = kMade, const SegmentGeometry& geometry = kSmallSegment) {
    const auto attached = Segment::attach(memory_.bytes(), geometry, now);
    return attached ? "" : attached.error();
  }

  SegmentMemory memory_{kSmallSegment};
};

TEST(SegmentGeometry, TablesArePowersOfTwoWithinTheirRange) {
  EXPECT_EQ(problem_of({.flows_v4 = 1024, .flows_wide = 1024, .lips = 1}), "");
  EXPECT_EQ(problem_of({.flows_v4 = 1U << 30, .flows_wide = 1U << 30, .lips = kMaxLips}), "");
  for (const uint32_t wrong : {0U, 1U, 512U, 1025U, 3000U, 1U << 31}) {
    EXPECT_NE(problem_of({.flows_v4 = wrong}).find("flows_v4"), std::string::npos) << wrong;
    EXPECT_NE(problem_of({.flows_wide = wrong}).find("flows_wide"), std::string::npos) << wrong;
  }
}

TEST(SegmentGeometry, ThereIsRoomForOneLipAtLeastAndForASlotNumberPerPortAtMost) {
  EXPECT_NE(problem_of({.lips = 0}).find("lips"), std::string::npos);
  EXPECT_NE(problem_of({.lips = kMaxLips + 1}).find("lips"), std::string::npos);
  static_assert(uint64_t{kMaxLips} * kSlotsPerLip < kNoSlotClosing);
}

TEST(SegmentGeometry, BytesAreWholePagesAndGrowWithEachTable) {
  const size_t small = kSmallSegment.bytes();

  EXPECT_EQ(small % 4096, 0U);
  SegmentGeometry more_lips = kSmallSegment;
  more_lips.lips += 1;
  EXPECT_GE(more_lips.bytes(), small + kSlotsPerLip * sizeof(NatSlot));
  SegmentGeometry more_flows = kSmallSegment;
  more_flows.flows_v4 *= 2;
  EXPECT_GE(more_flows.bytes(), small + kSmallSegment.flows_v4 * sizeof(NarrowTable::Entry));
}

TEST(Segment, FormatRefusesAnImpossibleGeometryAndTooLittleMemory) {
  const SegmentMemory memory(kSmallSegment);

  EXPECT_FALSE(Segment::format(memory.bytes(), {.flows_v4 = 1000}, 1, kMade));
  EXPECT_FALSE(Segment::format(memory.bytes().subspan(4096), kSmallSegment, 1, kMade));
}

TEST_F(SegmentTest, AttachFindsEverythingAgain) {
  Segment before = memory_.attach(kMade);
  const auto id = before.lips().acquire(lip("10.0.0.1"), 0, 0);
  const WideTable::Key key{1, 2, 3};
  ASSERT_TRUE(before.flows().wide.insert(key, before.flows().wide.hash(key), 55, 66, 77).found);
  NatSlots::fill(before.slots().at(99), 1, 2, *IpAddress::parse("203.0.113.1"), 3, 4, 5);
  NatSlots::open(before.slots().at(99), 5);

  Segment after = memory_.attach(kMade);

  EXPECT_EQ(after.lips().find(lip("10.0.0.1")), id);
  const auto found = after.flows().wide.find(key, after.flows().wide.hash(key));
  ASSERT_TRUE(found);
  EXPECT_EQ(found.control.slot(), 55U);
  EXPECT_EQ(NatSlots::read(after.slots().at(99))->client_port, 3);
}

TEST_F(SegmentTest, AnotherSeedPutsKeysElsewhere) {
  const SegmentMemory other(kSmallSegment);
  const NarrowTable::Key key{123};

  EXPECT_NE(memory_.attach(kMade).flows().narrow.hash(key), other.format(kMade, 43).flows().narrow.hash(key));
}

TEST_F(SegmentTest, TheHeaderSaysTheGeometryBeforeTheMappingIsComplete) {
  const auto geometry = Segment::read_geometry(memory_.bytes().first(4096));

  ASSERT_TRUE(geometry);
  EXPECT_EQ(geometry.value(), kSmallSegment);
  EXPECT_FALSE(Segment::read_geometry(memory_.bytes().first(16)));
}

TEST_F(SegmentTest, ZeroesAndForeignBytesAreNoSegment) {
  overwrite(0, 0x464c457f);
  EXPECT_EQ(attach_error(), "not a state segment");

  std::memset(memory_.bytes().data(), 0, 4096);
  EXPECT_EQ(attach_error(), "not a state segment");
}

TEST_F(SegmentTest, AnotherVersionIsRefusedByItsNumber) {
  overwrite(kVersionAt, kSegmentVersion + 1);

  EXPECT_NE(attach_error().find("version " + std::to_string(kSegmentVersion + 1)), std::string::npos);
}

TEST_F(SegmentTest, ADamagedGeometryIsRefused) {
  overwrite(kFlowsAt, 12345);

  EXPECT_NE(attach_error().find("damaged header"), std::string::npos);
}

TEST_F(SegmentTest, AnotherGeometryThanTheConfiguredOneIsRefused) {
  SegmentGeometry configured = kSmallSegment;
  configured.flows_v4 *= 2;

  EXPECT_NE(attach_error(kMade, configured).find("table sizes"), std::string::npos);
}

TEST_F(SegmentTest, AFileCutShortIsRefused) {
  const auto attached =
      Segment::attach(memory_.bytes().first(kSmallSegment.bytes() - 4096), kSmallSegment, kMade);

  ASSERT_FALSE(attached);
  EXPECT_NE(attached.error().find("shorter"), std::string::npos);
}

TEST_F(SegmentTest, AnAbsenceLongerThanTicksCanTellIsRefused) {
  EXPECT_EQ(attach_error({kMade.ms + kLongestAbsenceMs}), "");
  EXPECT_NE(attach_error({kMade.ms + kLongestAbsenceMs + 1}), "");
}

TEST_F(SegmentTest, AStampProlongsWhatMayBeTakenOver) {
  Segment segment = memory_.attach(kMade);

  segment.stamp({kMade.ms + 1000});

  EXPECT_EQ(attach_error({kMade.ms + kLongestAbsenceMs + 1000}), "");
}

TEST_F(SegmentTest, AStampFromAnotherBootIsRefused) {
  EXPECT_EQ(attach_error({kMade.ms - 1000}), "") << "clocks of two threads may differ a little";
  EXPECT_NE(attach_error({kMade.ms - 1001}).find("booted"), std::string::npos);
}

TEST_F(SegmentTest, AnIdOfAnotherTableIsDamage) {
  Segment segment = memory_.attach(kMade);
  segment.backends().acquire(lip("10.0.0.1"), 0, 0);

  EXPECT_NE(attach_error().find("damaged"), std::string::npos);
}

TEST_F(SegmentTest, TheSameThingUnderTwoIdsIsDamage) {
  std::vector<IdentityEntry> twice(2);
  twice[0].identity = twice[1].identity = lip("10.0.0.1");
  Segment segment = memory_.attach(kMade);
  const auto* first = reinterpret_cast<const std::byte*>(&segment.lips().at(0));
  std::memcpy(const_cast<std::byte*>(first), twice.data(), 2 * sizeof(IdentityEntry));

  EXPECT_NE(attach_error().find("damaged"), std::string::npos);
}

}  // namespace
}  // namespace lb
