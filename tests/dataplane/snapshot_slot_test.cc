// SPDX-License-Identifier: MIT
// The seam between control and workers: snapshots swapped while threads read them. Runs under TSan and ASan as well.
#include "dataplane/snapshot_slot.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace dataplane {
namespace {

// Every field follows from the generation, so that a torn or freed snapshot shows itself.
std::unique_ptr<const lb::Snapshot> snapshot_of(uint64_t generation) {
  auto made = std::make_unique<lb::Snapshot>();
  made->generation = generation;
  made->pick_seed = generation * 3;
  made->services.resize(1 + generation % 7);
  for (lb::Service& service : made->services) service.id = static_cast<lb::ServiceId>(generation % 1000);
  return made;
}

bool agrees(const lb::Snapshot& s) {
  if (s.pick_seed != s.generation * 3 || s.services.size() != 1 + s.generation % 7) return false;
  for (const lb::Service& service : s.services)
    if (service.id != s.generation % 1000) return false;
  return true;
}

TEST(SnapshotSlot, KeepsTheFormerSnapshotUntilEveryWorkerWasQuiescent) {
  SnapshotSlot slot(2);
  slot.publish(snapshot_of(1));
  slot.join(0);
  slot.join(1);
  const lb::Snapshot* seen = slot.read();

  slot.publish(snapshot_of(2));
  slot.quiescent(0);
  EXPECT_EQ(slot.collect(), 1U) << "worker 1 may still read it";
  EXPECT_TRUE(agrees(*seen));

  slot.quiescent(1);
  EXPECT_EQ(slot.collect(), 0U);
  EXPECT_EQ(slot.read()->generation, 2U);
  slot.leave(0);
  slot.leave(1);
}

TEST(SnapshotSlot, DoesNotWaitForAWorkerThatLeft) {
  SnapshotSlot slot(1);
  slot.join(0);
  slot.publish(snapshot_of(1));
  slot.leave(0);

  slot.publish(snapshot_of(2));

  EXPECT_EQ(slot.collect(), 0U);
}

TEST(SnapshotSlot, DoesNotWaitForAWorkerThatRests) {
  SnapshotSlot slot(1);
  slot.join(0);
  slot.publish(snapshot_of(1));
  slot.rest(0);

  slot.publish(snapshot_of(2));
  EXPECT_EQ(slot.collect(), 0U);

  slot.resume(0);
  EXPECT_EQ(slot.read()->generation, 2U);
  slot.publish(snapshot_of(3));
  EXPECT_EQ(slot.collect(), 1U) << "it reads again";
  slot.leave(0);
}

TEST(SnapshotSlot, ReadersSeeWholeSnapshotsInOrderWhileThousandsAreSwapped) {
  constexpr unsigned kReaders = 3;
  constexpr uint64_t kSnapshots = 5000;
  SnapshotSlot slot(kReaders);
  slot.publish(snapshot_of(1));
  std::atomic<uint64_t> wrong{0}, reads{0};
  std::vector<std::thread> readers;
  for (unsigned r = 0; r < kReaders; ++r)
    readers.emplace_back([&, r] {
      slot.join(r);
      uint64_t last = 0;
      while (last < kSnapshots) {
        const lb::Snapshot& s = *slot.read();
        if (!agrees(s) || s.generation < last) ++wrong;
        last = s.generation;
        slot.quiescent(r);
        if (++reads % 8 == 0) {
          slot.rest(r);
          slot.resume(r);
        }
      }
      slot.leave(r);
    });
  for (uint64_t generation = 2; generation <= kSnapshots; ++generation) {
    slot.publish(snapshot_of(generation));
    // On one core the readers must have their turn now and then.
    if (generation % 50 == 0) std::this_thread::yield();
  }
  for (std::thread& reader : readers) reader.join();

  EXPECT_EQ(wrong, 0U);
  EXPECT_GE(reads, uint64_t{kReaders});
  EXPECT_EQ(slot.collect(), 0U);
}

}  // namespace
}  // namespace dataplane
