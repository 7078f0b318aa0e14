// SPDX-License-Identifier: MIT
// One worker writes, control reads, both as fast as they can.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "lb/trace_ring.h"

namespace lb {
namespace {

constexpr uint64_t kRecords = 200'000;

// All of one record says its number.
void fill(TraceRecord& record, uint64_t number) {
  record.ms = number;
  record.length_in = static_cast<uint16_t>(number);
  record.in.fill(static_cast<uint8_t>(number));
  record.out.fill(static_cast<uint8_t>(number >> 8));
}
bool is_whole(const TraceRecord& record) {
  TraceRecord wanted;
  fill(wanted, record.ms);
  return record.length_in == wanted.length_in && record.in == wanted.in && record.out == wanted.out;
}

TEST(TraceRing, ARecordIsReadWholeOrNotAtAllAndInOrder) {
  TraceRing ring(16);
  std::atomic<bool> done{false};
  std::thread worker([&] {
    for (uint64_t i = 1; i <= kRecords; ++i) {
      fill(ring.next(), i);
      ring.commit();
    }
    done.store(true, std::memory_order_release);
  });
  uint64_t taken = 0, last = 0;
  bool ordered = true, whole = true;
  for (TraceRecord record;;) {
    const bool over = done.load(std::memory_order_acquire);
    while (ring.take(record)) {
      ordered &= record.ms > last;
      whole &= is_whole(record);
      last = record.ms;
      ++taken;
    }
    if (over) break;
  }
  worker.join();

  EXPECT_TRUE(ordered);
  EXPECT_TRUE(whole);
  EXPECT_GT(taken, 0u);
  EXPECT_EQ(taken + ring.missed(), kRecords);
}

}  // namespace
}  // namespace lb
