// SPDX-License-Identifier: MIT
// Where a worker leaves what a trace wants and control finds it: a ring of fixed size for each worker, written by that
// worker alone and read by control alone, without a lock. A full ring takes nothing more, and counts.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>

#include "lb/limits.h"
#include "lb/trace_record.h"

namespace lb {

class TraceRing {
 public:
  // Of a burst's frames as they came.
  struct Arrived {
    std::array<uint16_t, kMaxBurst> length;
    std::array<std::array<uint8_t, TraceRecord::kMaxBytes>, kMaxBurst> bytes;
  };

  // capacity  records, a power of two, 1..2^16
  explicit TraceRing(uint32_t capacity) : mask_(capacity - 1), records_(new TraceRecord[capacity]) {}

  // Worker. The place to write the next record into: of the ring, or of nobody when it is full.
  TraceRecord& next() noexcept {
    const uint32_t head = head_.load(std::memory_order_relaxed);
    full_ = head - tail_.load(std::memory_order_acquire) > mask_;
    return full_ ? spare_ : records_[head & mask_];
  }
  // Worker. Hands over what was written to next(), which was called just before.
  void commit() noexcept {
    if (full_)
      missed_.store(missed_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    else
      head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  // Worker. Its own notes within one burst.
  Arrived& arrived() noexcept { return arrived_; }

  // Control. False when there is none.
  bool take(TraceRecord& into) noexcept {
    const uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return false;
    into = records_[tail & mask_];
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }
  // Any thread. Records for which the ring had no room.
  [[nodiscard]] uint64_t missed() const noexcept { return missed_.load(std::memory_order_relaxed); }

 private:
  const uint32_t mask_;
  const std::unique_ptr<TraceRecord[]> records_;
  alignas(64) std::atomic<uint32_t> head_{0};  // the worker's
  std::atomic<uint64_t> missed_{0};
  bool full_ = false;
  alignas(64) std::atomic<uint32_t> tail_{0};  // control's
  TraceRecord spare_;
  Arrived arrived_;
};

class TraceRings {
 public:
  static constexpr uint32_t kMaxRecords = 1024;  // some 600 bytes each

  // workers  1..kMaxWorkers
  // records  that are to fit into each ring; rounded up, and no more than kMaxRecords
  TraceRings(unsigned workers, uint32_t records) : count_(workers) {
    const uint32_t capacity = std::bit_ceil(std::clamp(records, uint32_t{1}, kMaxRecords));
    for (unsigned i = 0; i < workers; ++i) rings_[i] = std::make_unique<TraceRing>(capacity);
  }

  [[nodiscard]] unsigned count() const noexcept { return count_; }
  // worker  0..count() - 1
  [[nodiscard]] TraceRing& of(unsigned worker) const noexcept { return *rings_[worker]; }

 private:
  const unsigned count_;
  std::array<std::unique_ptr<TraceRing>, kMaxWorkers> rings_;
};

}  // namespace lb
