// SPDX-License-Identifier: MIT
// A state segment in plain memory, for tests.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "lb/segment.h"

namespace lb::test {

// Zeroed pages, private or shared with forked children.
class SegmentMemory {
 public:
  explicit SegmentMemory(const SegmentGeometry& geometry, bool shared = false) : geometry_(geometry) {
    const int flags = MAP_ANONYMOUS | MAP_NORESERVE | (shared ? MAP_SHARED : MAP_PRIVATE);
    memory_ = ::mmap(nullptr, geometry.bytes(), PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory_ == MAP_FAILED) throw std::runtime_error("mmap");
  }
  ~SegmentMemory() { ::munmap(memory_, geometry_.bytes()); }
  SegmentMemory(const SegmentMemory&) = delete;
  SegmentMemory& operator=(const SegmentMemory&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const {
    return {static_cast<std::byte*>(memory_), geometry_.bytes()};
  }
  [[nodiscard]] Segment format(Now now = {1'000'000}, uint64_t seed = 42) const {
    return Segment::format(bytes(), geometry_, seed, now).value();
  }
  [[nodiscard]] Segment attach(Now now = {1'000'000}) const {
    return Segment::attach(bytes(), geometry_, now).value();
  }

 private:
  SegmentGeometry geometry_;
  void* memory_;
};

inline constexpr SegmentGeometry kSmallSegment{.flows_v4 = 1U << 16, .flows_wide = 1U << 14, .lips = 4};

}  // namespace lb::test
