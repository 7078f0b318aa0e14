// SPDX-License-Identifier: MIT
#include "lb/flow_table.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>

#include "lb/flow_key.h"
#include "tests/lb/sanitizers.h"
#include "tests/lb/segment_memory.h"

namespace lb {
namespace {

using test::SegmentMemory;

NarrowTable& table_of(Segment& segment, NarrowTable*) { return segment.flows().narrow; }
WideTable& table_of(Segment& segment, WideTable*) { return segment.flows().wide; }

NarrowTable::Key key_of(uint64_t n, NarrowTable*) { return {n * 0x9e3779b97f4a7c15ULL + 1}; }
WideTable::Key key_of(uint64_t n, WideTable*) { return {n, n * 0x9e3779b97f4a7c15ULL, ~n}; }

template <typename Table>
class FlowTableTest : public testing::Test {
 protected:
  FlowTableTest() : segment_(memory_.format()), table_(table_of(segment_, static_cast<Table*>(nullptr))) {}

  static typename Table::Key key(uint64_t n) { return key_of(n, static_cast<Table*>(nullptr)); }
  typename Table::Found find(uint64_t n) { return table_.find(key(n), table_.hash(key(n))); }
  typename Table::Inserted insert(uint64_t n, SlotIndex slot, BackendId backend, Tick now = 0) {
    return table_.insert(key(n), table_.hash(key(n)), slot, backend, now);
  }

  SegmentMemory memory_{test::kSmallSegment};
  Segment segment_;
  Table& table_;
};

using Tables = testing::Types<NarrowTable, WideTable>;
TYPED_TEST_SUITE(FlowTableTest, Tables);

TYPED_TEST(FlowTableTest, FindsWhatWasInserted) {
  const auto inserted = this->insert(7, 1234, 56, 99);

  ASSERT_EQ(inserted.outcome, TypeParam::Outcome::kInserted);
  const auto found = this->find(7);
  ASSERT_TRUE(found);
  EXPECT_EQ(found.control.slot(), 1234U);
  EXPECT_EQ(found.control.backend(), 56);
  EXPECT_EQ(found.control.tick(), 99);
  EXPECT_FALSE(this->find(8));
}

TYPED_TEST(FlowTableTest, SecondInsertOfAKeyReturnsTheFirst) {
  this->insert(7, 1, 10);

  const auto second = this->insert(7, 2, 20);

  ASSERT_EQ(second.outcome, TypeParam::Outcome::kDuplicate);
  EXPECT_EQ(second.found.control.slot(), 1U);
  EXPECT_EQ(this->find(7).control.backend(), 10);
}

TYPED_TEST(FlowTableTest, ARemovedKeyIsGoneAndItsPlaceIsUsable) {
  const auto inserted = this->insert(7, 1, 10);

  EXPECT_TRUE(TypeParam::remove(inserted.found));
  EXPECT_FALSE(this->find(7));
  EXPECT_FALSE(TypeParam::remove(inserted.found));
  EXPECT_EQ(this->insert(7, 3, 30).outcome, TypeParam::Outcome::kInserted);
}

TYPED_TEST(FlowTableTest, RefreshFailsAfterTheFlowWasRepointed) {
  auto inserted = this->insert(7, 1, 10);
  const auto stale = inserted.found;

  ASSERT_TRUE(TypeParam::repoint(inserted.found, 2, 20, 5));

  EXPECT_FALSE(TypeParam::refresh(stale, 9));
  EXPECT_EQ(this->find(7).control.backend(), 20);
  EXPECT_EQ(this->find(7).control.tick(), 5);
}

TYPED_TEST(FlowTableTest, RemoveAllLeavesEntriesOfOtherSlots) {
  this->insert(7, 1, 10);
  const auto key = this->key(7);

  EXPECT_EQ(this->table_.remove_all(key, this->table_.hash(key), 2), 0U);
  EXPECT_TRUE(this->find(7));
  EXPECT_EQ(this->table_.remove_all(key, this->table_.hash(key), 1), 1U);
  EXPECT_FALSE(this->find(7));
}

TYPED_TEST(FlowTableTest, ABusyEntryIsItsWritersHoweverLongItSleeps) {
  const auto inserted = this->insert(7, 1, 10, 100);
  const FlowControl busy = inserted.found.control.in_state(FlowState::kBusy);
  inserted.found.place->store(busy.raw());

  const auto other = this->insert(7, 2, 20, 60'000);

  EXPECT_NE(other.found.place, inserted.found.place);
  EXPECT_EQ(inserted.found.place->load(), busy.raw());
}

// Churn at 80 % load against a plain map: every key is found with its own values, no insert is refused.
TYPED_TEST(FlowTableTest, ChurnAtEightyPercentLoadRefusesNothingAndAnswersRight) {
  std::mt19937_64 random(20261124);
  const uint64_t target = this->table_.capacity() * 8 / 10;
  std::unordered_map<uint64_t, SlotIndex> twin;
  std::vector<uint64_t> keys;
  uint64_t next = 1, refused = 0, wrong = 0, moves = 0;
  for (uint64_t round = 0; round < test::rounds(20) * target + target; ++round) {
    if (keys.size() >= target) {
      const size_t victim = random() % keys.size();
      const uint64_t n = keys[victim];
      const auto found = this->find(n);
      if (!found || found.control.slot() != twin[n]) ++wrong;
      if (found) TypeParam::remove(found);
      twin.erase(n);
      keys[victim] = keys.back();
      keys.pop_back();
    }
    const auto slot = static_cast<SlotIndex>(random() % 1'000'000);
    const auto inserted = this->insert(next, slot, static_cast<BackendId>(next % 4096));
    if (inserted.outcome != TypeParam::Outcome::kInserted) ++refused;
    moves += inserted.moves;
    twin[next] = slot;
    keys.push_back(next++);
  }
  for (const uint64_t n : keys)
    if (const auto found = this->find(n); !found || found.control.slot() != twin[n]) ++wrong;

  EXPECT_EQ(refused, 0U);
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(moves, 0U) << "the load was never high enough to relocate";
}

TYPED_TEST(FlowTableTest, AFullTableSaysSo) {
  uint64_t inserted = 0;
  for (uint64_t n = 1; n < 2 * this->table_.capacity(); ++n)
    if (this->insert(n, 1, 1).outcome == TypeParam::Outcome::kInserted) ++inserted;

  EXPECT_LE(inserted, this->table_.capacity());
  EXPECT_GT(inserted, this->table_.capacity() * 9 / 10);
}

}  // namespace
}  // namespace lb
