// SPDX-License-Identifier: MIT
// Several threads on one flow table at 80 % load: no answer is ever that of another key, nothing is refused, and a key
// that nobody removes is never missed, however much moves around it.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "lb/flow_key.h"
#include "tests/lb/segment_memory.h"

namespace lb {
namespace {

using test::SegmentMemory;

#ifdef CLEAT_TSAN
constexpr uint64_t kRounds = 40'000;
#else
constexpr uint64_t kRounds = 600'000;
#endif

// Slot and backend follow from the key, so that a wrong answer shows itself.
SlotIndex slot_for(uint64_t n) { return static_cast<SlotIndex>((n * 2654435761U) % 60'000'000); }
BackendId backend_for(uint64_t n) { return static_cast<BackendId>(n % 4096); }

template <typename Table>
struct Access;
template <>
struct Access<NarrowTable> {
  static NarrowTable& table(Segment& s) { return s.flows().narrow; }
  static NarrowTable::Key key(uint64_t n) { return {n}; }
};
template <>
struct Access<WideTable> {
  static WideTable& table(Segment& s) { return s.flows().wide; }
  static WideTable::Key key(uint64_t n) { return {n, n + 1, n * 3}; }
};

struct Tally {
  std::atomic<uint64_t> wrong{0}, refused{0}, missed{0}, moves{0};
};

// One worker's life: its own keys come and go, everybody's resident keys are looked up and refreshed.
template <typename Table>
void churn(Table& table, unsigned me, uint64_t residents, uint64_t own, Tally& tally) {
  std::mt19937_64 random(me + 1);
  std::vector<uint64_t> live;
  uint64_t next = (uint64_t{me} + 1) << 40;
  for (uint64_t round = 0; round < kRounds; ++round) {
    // One clock for all: a thread far ahead would take the others' busy entries for a dead writer's.
    const Tick now = 100;
    if (live.size() >= own) {
      const size_t at = random() % live.size();
      const auto key = Access<Table>::key(live[at]);
      const auto found = table.find(key, table.hash(key));
      if (!found)
        ++tally.missed;
      else if (found.control.slot() != slot_for(live[at]) || found.control.backend() != backend_for(live[at]))
        ++tally.wrong;
      table.remove_all(key, table.hash(key), slot_for(live[at]));
      live[at] = live.back();
      live.pop_back();
    }
    const auto key = Access<Table>::key(next);
    const auto inserted = table.insert(key, table.hash(key), slot_for(next), backend_for(next), now);
    if (inserted.outcome != Table::Outcome::kInserted) ++tally.refused;
    tally.moves += inserted.moves;
    live.push_back(next++);

    const uint64_t resident = 1 + random() % residents;
    const auto resident_key = Access<Table>::key(resident);
    const auto found = table.find(resident_key, table.hash(resident_key));
    if (!found)
      ++tally.missed;
    else if (found.control.slot() != slot_for(resident) || found.control.backend() != backend_for(resident))
      ++tally.wrong;
    else
      Table::refresh(found, now);
  }
}

template <typename Table>
void stress() {
  constexpr unsigned kThreads = 4;
  const SegmentMemory memory({.flows_v4 = 1U << 14, .flows_wide = 1U << 13, .lips = 1});
  Segment segment = memory.format();
  Table& table = Access<Table>::table(segment);
  const uint64_t residents = table.capacity() * 4 / 10;
  for (uint64_t n = 1; n <= residents; ++n) {
    const auto key = Access<Table>::key(n);
    ASSERT_EQ(table.insert(key, table.hash(key), slot_for(n), backend_for(n), 0).outcome,
              Table::Outcome::kInserted);
  }

  Tally tally;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] { churn(table, t, residents, residents / kThreads, tally); });
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(tally.wrong, 0U);
  EXPECT_EQ(tally.missed, 0U);
  EXPECT_EQ(tally.refused, 0U);
  EXPECT_GT(tally.moves, 0U);
}

TEST(FlowTableStress, NarrowTableAnswersRightUnderChurnOfFourThreads) { stress<NarrowTable>(); }
TEST(FlowTableStress, WideTableAnswersRightUnderChurnOfFourThreads) { stress<WideTable>(); }

}  // namespace
}  // namespace lb
