// SPDX-License-Identifier: MIT
// The control word of a flow entry: everything but the key, in the 64 bits that one compare-and-swap changes.
//   state 2 | generation 8 | slot 26 | backend 12 | tick 16     (low to high)
#pragma once

#include <cstdint>

#include "lb/limits.h"
#include "lb/time.h"

namespace lb {

enum class FlowState : uint8_t {
  kEmpty = 0,
  kBusy = 1,  // its key is being written
  kLive = 2,
  kMoving = 3,  // live, and a relocation of it is under way: nobody else may start one
};

// Slot values of flows that have none (DSR, clients of `source-ip`).
inline constexpr SlotIndex kNoSlot = (1U << 26) - 1;
inline constexpr SlotIndex kNoSlotClosing = kNoSlot - 1;  // DSR: the client sent FIN or RST

constexpr bool is_slot(SlotIndex slot) { return slot < kNoSlotClosing; }

class FlowControl {
 public:
  constexpr FlowControl() = default;
  constexpr explicit FlowControl(uint64_t raw) : raw_(raw) {}
  constexpr FlowControl(FlowState state, uint8_t generation, SlotIndex slot, BackendId backend, Tick tick)
      : raw_(static_cast<uint64_t>(state) | uint64_t{generation} << 2 | uint64_t{slot & kNoSlot} << 10 |
             uint64_t{backend & 0xfffU} << 36 | uint64_t{tick} << 48) {}

  [[nodiscard]] constexpr FlowState state() const { return static_cast<FlowState>(raw_ & 3); }
  [[nodiscard]] constexpr uint8_t generation() const { return static_cast<uint8_t>(raw_ >> 2); }
  [[nodiscard]] constexpr SlotIndex slot() const { return static_cast<SlotIndex>(raw_ >> 10) & kNoSlot; }
  [[nodiscard]] constexpr BackendId backend() const { return static_cast<BackendId>(raw_ >> 36 & 0xfff); }
  [[nodiscard]] constexpr Tick tick() const { return static_cast<Tick>(raw_ >> 48); }
  [[nodiscard]] constexpr uint64_t raw() const { return raw_; }

  [[nodiscard]] constexpr FlowControl with_tick(Tick tick) const {
    return FlowControl((raw_ & 0xffffffffffffULL) | uint64_t{tick} << 48);
  }
  [[nodiscard]] constexpr bool is_live() const { return (raw_ & 2) != 0; }
  [[nodiscard]] constexpr FlowControl in_state(FlowState state) const {
    return FlowControl((raw_ & ~uint64_t{3}) | static_cast<uint64_t>(state));
  }
  // What a vacant place becomes when it is taken.
  [[nodiscard]] constexpr FlowControl next_use(FlowState state, SlotIndex slot, BackendId backend,
                                               Tick tick) const {
    return {state, static_cast<uint8_t>(generation() + 1), slot, backend, tick};
  }
  // The same place for a new use: whoever holds the old word fails its compare-and-swap, whatever the rest says.
  [[nodiscard]] constexpr FlowControl emptied() const {
    return FlowControl(FlowState::kEmpty, static_cast<uint8_t>(generation() + 1), 0, 0, 0);
  }
  // Both live, with the same generation: nobody removed the entry, though it may have been repointed.
  [[nodiscard]] constexpr bool same_use(FlowControl other) const {
    return is_live() && other.is_live() && generation() == other.generation();
  }
  // Both live, equal but for tick and relocation: still the same flow with the same backend and slot.
  [[nodiscard]] constexpr bool same_flow(FlowControl other) const {
    return is_live() && other.is_live() && ((raw_ ^ other.raw_) & 0xffff'ffff'fffcULL) == 0;
  }

 private:
  uint64_t raw_ = 0;
};

}  // namespace lb
