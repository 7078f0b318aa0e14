// SPDX-License-Identifier: MIT
// Several threads on one flow table at 80 % load: no answer is ever that of another key, nothing is refused, a key that
// nobody removes is never missed however much moves around it, and what was removed stays gone.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "lb/flow_key.h"
#include "tests/lb/sanitizers.h"
#include "tests/lb/segment_memory.h"

namespace lb {
namespace {

using test::SegmentMemory;

constexpr Tick kTick = 100;
constexpr SegmentGeometry kGeometry{.flows_v4 = 1U << 14, .flows_wide = 1U << 13, .lips = 1};

// Slot and backend follow from the key, so that a wrong answer shows itself.
SlotIndex slot_for(uint64_t n) { return static_cast<SlotIndex>((n * 2654435761U) % 60'000'000); }
BackendId backend_for(uint64_t n) { return static_cast<BackendId>(n % 4096); }

NarrowTable& table_of(Segment& s, NarrowTable*) { return s.flows().narrow; }
WideTable& table_of(Segment& s, WideTable*) { return s.flows().wide; }
NarrowTable::Key key_of(uint64_t n, NarrowTable*) { return {n}; }
WideTable::Key key_of(uint64_t n, WideTable*) { return {n, n + 1, n * 3}; }

template <typename Table>
class FlowTableStress : public testing::Test {
 protected:
  FlowTableStress() : table_(table_of(segment_, static_cast<Table*>(nullptr))) {}

  static typename Table::Key key(uint64_t n) { return key_of(n, static_cast<Table*>(nullptr)); }
  auto find(uint64_t n) { return table_.find(key(n), table_.hash(key(n))); }
  auto insert(uint64_t n, SlotIndex slot) {
    return table_.insert(key(n), table_.hash(key(n)), slot, backend_for(n), kTick);
  }
  unsigned remove_all(uint64_t n, SlotIndex slot) {
    return table_.remove_all(key(n), table_.hash(key(n)), slot);
  }

  // Residents are keys 1..count: nobody removes them.
  void settle(uint64_t count) {
    residents_ = count;
    for (uint64_t n = 1; n <= count; ++n)
      ASSERT_EQ(insert(n, slot_for(n)).outcome, Table::Outcome::kInserted);
  }
  auto look_up(uint64_t n) {
    const auto found = find(n);
    if (!found)
      ++missed_;
    else if (found.control.slot() != slot_for(n) || found.control.backend() != backend_for(n))
      ++wrong_;
    return found;
  }
  // One worker's life: its own keys come and go, everybody's residents are looked up and refreshed.
  void churn(unsigned me, uint64_t own, uint64_t rounds) {
    std::mt19937_64 random(me + 1);
    std::vector<uint64_t> live;
    uint64_t next = (uint64_t{me} + 1) << 40;
    for (uint64_t round = 0; round < rounds; ++round) {
      if (live.size() >= own) {
        const size_t at = random() % live.size();
        look_up(live[at]);
        remove_all(live[at], slot_for(live[at]));
        live[at] = live.back();
        live.pop_back();
      }
      const auto inserted = insert(next, slot_for(next));
      if (inserted.outcome != Table::Outcome::kInserted) ++refused_;
      moves_ += inserted.moves;
      live.push_back(next++);
      if (const auto found = look_up(1 + random() % residents_))
        Table::refresh(found, static_cast<Tick>(round % 8));
    }
    live_ += live.size();
    for (const uint64_t n : live) look_up(n);
  }
  void read_residents(unsigned me) {
    std::mt19937_64 random(me + 1);
    while (!done_.load(std::memory_order_relaxed)) look_up(1 + random() % residents_);
  }
  uint64_t entries() {
    uint64_t count = 0;
    for (uint64_t bucket = 0; bucket < table_.buckets(); ++bucket)
      table_.visit(bucket, [&](const auto&, const auto&) { ++count; });
    return count;
  }
  template <typename Work>
  static void run(unsigned threads, Work work) {
    std::vector<std::thread> running;
    for (unsigned t = 0; t < threads; ++t) running.emplace_back(work, t);
    for (std::thread& each : running) each.join();
  }

  SegmentMemory memory_{kGeometry};
  Segment segment_ = memory_.format();
  Table& table_;
  uint64_t residents_ = 0;
  std::atomic<uint64_t> wrong_{0}, refused_{0}, missed_{0}, moves_{0}, live_{0};
  std::atomic<bool> done_{false};
};

using Tables = testing::Types<NarrowTable, WideTable>;
TYPED_TEST_SUITE(FlowTableStress, Tables);

TYPED_TEST(FlowTableStress, FourWorkersChurningAtEightyPercentGetEveryAnswerRight) {
  this->settle(this->table_.capacity() * 4 / 10);

  this->run(4, [&](unsigned t) { this->churn(t, this->residents_ / 4, test::rounds(600'000)); });

  EXPECT_EQ(this->wrong_, 0U);
  EXPECT_EQ(this->missed_, 0U);
  EXPECT_EQ(this->refused_, 0U);
  EXPECT_GT(this->moves_, 0U);
  EXPECT_EQ(this->entries(), this->residents_ + this->live_)
      << "something removed is still there, or the reverse";
}

TYPED_TEST(FlowTableStress, ReadersMissNothingWhileOthersMoveIt) {
  this->settle(this->table_.capacity() * 6 / 10);

  std::thread readers[2];
  for (unsigned t = 0; t < 2; ++t) readers[t] = std::thread([this, t] { this->read_residents(t + 10); });
  this->run(2, [&](unsigned t) { this->churn(t, this->residents_ / 6, test::rounds(200'000)); });
  this->done_ = true;
  for (std::thread& reader : readers) reader.join();

  EXPECT_EQ(this->wrong_, 0U);
  EXPECT_EQ(this->missed_, 0U);
  EXPECT_EQ(this->refused_, 0U);
  EXPECT_GT(this->moves_, 0U);
}

// Two workers get the first packets of one flow at the same time, over and over.
TYPED_TEST(FlowTableStress, OfTwoWorkersThatInsertOneKeyOneWinsAndNothingIsLeftBehind) {
  constexpr uint64_t kBatch = 64;
  const uint64_t batches = test::rounds(8'000);
  const auto slot_of = [](unsigned t) { return SlotIndex{1'000'000 + t}; };
  std::atomic<uint64_t> arrived{0}, withdrawn{0}, lost{0}, left{0};
  this->settle(this->table_.capacity() / 2);

  const auto wait_for_other = [&](uint64_t goal) {
    ++arrived;
    while (arrived.load() < goal) std::this_thread::yield();
  };
  this->run(2, [&](unsigned t) {
    for (uint64_t batch = 0; batch < batches; ++batch) {
      const uint64_t base = (batch + 1) << 32;
      wait_for_other(batch * 6 + 2);
      for (uint64_t i = 0; i < kBatch; ++i) {
        const auto inserted = this->insert(base + i, slot_of(t));
        if (inserted.outcome == TypeParam::Outcome::kFull) ++this->refused_;
        if (inserted.outcome == TypeParam::Outcome::kDuplicate) {
          ++withdrawn;
          if (inserted.found.control.slot() != slot_of(1 - t)) ++this->wrong_;
        }
      }
      wait_for_other(batch * 6 + 4);
      for (uint64_t i = t; i < kBatch; i += 2) {
        if (!this->find(base + i)) ++lost;
        const unsigned copies =
            this->remove_all(base + i, slot_of(0)) + this->remove_all(base + i, slot_of(1));
        if (copies < 1 || copies > 2 || this->find(base + i)) ++left;
      }
      wait_for_other(batch * 6 + 6);
    }
  });

  EXPECT_EQ(this->refused_ + this->wrong_ + lost + left, 0U);
  EXPECT_GT(withdrawn, 0U) << "the two never met";
  EXPECT_EQ(this->entries(), this->residents_);
}

// `source-ip` clients change their backend while others refresh and move the entry.
TYPED_TEST(FlowTableStress, ARepointedKeyNamesOneOfItsBackendsWithThatBackendsSlot) {
  constexpr uint64_t kKeys = 16;
  this->settle(this->table_.capacity() * 7 / 10);
  std::atomic<uint64_t> repointed{0};

  std::thread churner([&] {
    this->churn(5, this->table_.capacity() / 10, test::rounds(200'000));
    this->done_ = true;
  });
  this->run(3, [&](unsigned t) {
    std::mt19937_64 random(t);
    while (!this->done_.load(std::memory_order_relaxed)) {
      const uint64_t n = (uint64_t{99} << 40) + random() % kKeys;
      auto found = this->find(n);
      if (!found) {
        static_cast<void>(this->table_.insert(this->key(n), this->table_.hash(this->key(n)), 7, 7, kTick));
        continue;
      }
      if (found.control.slot() != found.control.backend()) ++this->wrong_;
      const auto next = static_cast<BackendId>(random() % 4096);
      if (random() % 2 == 0)
        repointed += TypeParam::repoint(found, next, next, kTick) ? 1 : 0;
      else
        TypeParam::refresh(found, static_cast<Tick>(next));
    }
  });
  churner.join();

  EXPECT_EQ(this->wrong_ + this->refused_, 0U);
  EXPECT_GT(repointed, 0U);
}

}  // namespace
}  // namespace lb
