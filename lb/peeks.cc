// SPDX-License-Identifier: MIT
#include "lb/peeks.h"

#include <new>

#include "lb/hash.h"

namespace lb {
namespace {

constexpr uint64_t kTagBits = 0xffff'ffff'0000'0000ULL;
constexpr unsigned kTickAt = 16;
constexpr unsigned kPatience =
    4096;  // looks at a place that another worker holds; a peek's work is a few microseconds

Tick tick_of(uint64_t control) { return static_cast<Tick>(control >> kTickAt); }

}  // namespace

// Without construction until it is used, so that its pages are not touched.
struct Peeks::Record {
  Record() {}   // NOLINT(modernize-use-equals-default)
  ~Record() {}  // NOLINT(modernize-use-equals-default)
  union {
    Peek peek;
  };
};

Peeks::Peeks(uint32_t count)
    : mask_(count - 1), controls_(new std::atomic<uint64_t>[count]()), records_(new Record[count]) {}
Peeks::~Peeks() = default;

Peek& Peeks::record(uint32_t index) const noexcept { return records_[index].peek; }

// Holds the place if its control word has these bits. False: it has not, or somebody else holds it for too long.
bool Peeks::hold(uint32_t index, uint64_t bits, uint64_t wanted) noexcept {
  std::atomic<uint64_t>& control = controls_[index];
  for (unsigned look = 0; look < kPatience; ++look) {
    uint64_t seen = control.load(std::memory_order_acquire);
    if ((seen & bits) != wanted) return false;
    if ((seen & kHeld) == 0 && control.compare_exchange_weak(seen, seen | kHeld, std::memory_order_acq_rel))
      return true;
    __builtin_ia32_pause();
  }
  return false;
}

void Peeks::release(uint32_t index) noexcept {
  controls_[index].fetch_and(~kHeld, std::memory_order_acq_rel);
}

void Peeks::free(uint32_t index) noexcept {
  controls_[index].store(0, std::memory_order_release);
  used_.fetch_sub(1, std::memory_order_relaxed);
}

Peeks::Held Peeks::find(uint64_t hash, const Endpoint& client, const Endpoint& vip, bool& busy) noexcept {
  constexpr uint64_t kBits = kTagBits | kUsed;
  const uint64_t wanted = (hash & kTagBits) | kUsed;
  busy = false;
  const auto first = static_cast<uint32_t>(hash) & mask_ & ~(kWays - 1);
  for (uint32_t index = first; index < first + kWays; ++index) {
    if (!hold(index, kBits, wanted)) {
      busy = busy || (controls_[index].load(std::memory_order_relaxed) & kBits) == wanted;
      continue;
    }
    Held held(this, index);
    if (held->client == client && held->vip == vip) {
      busy = false;
      return held;
    }
  }
  return {};
}

Peeks::Held Peeks::at(uint32_t index) noexcept {
  if (index > mask_ || !hold(index, kUsed, kUsed)) return {};
  return {this, index};
}

Peeks::Held Peeks::claim(uint64_t hash, Now now, Held& victim) noexcept {
  const auto first = static_cast<uint32_t>(hash) & mask_ & ~(kWays - 1);
  uint32_t oldest = first;
  int most = -1;
  for (uint32_t index = first; index < first + kWays; ++index) {
    const uint64_t seen = controls_[index].load(std::memory_order_relaxed);
    uint64_t expected = 0;
    const uint64_t taken = (hash & kTagBits) | uint64_t{now.tick()} << kTickAt | kUsed | kHeld;
    if (seen == 0 && controls_[index].compare_exchange_strong(expected, taken, std::memory_order_acq_rel)) {
      used_.fetch_add(1, std::memory_order_relaxed);
      new (&records_[index].peek) Peek;
      return {this, index};
    }
    const int age = ticks_since(now.tick(), tick_of(seen));
    if ((seen & kKept) != 0 || age <= most) continue;
    most = age;
    oldest = index;
  }
  if (most >= 0 && hold(oldest, kUsed | kKept, kUsed)) victim = Held(this, oldest);
  return {};
}

void Peeks::keep(const Held& held) noexcept {
  controls_[held.index()].fetch_or(kKept, std::memory_order_relaxed);
}

}  // namespace lb
