// SPDX-License-Identifier: MIT
#include "lb/unanswered.h"

#include <algorithm>

#include "lb/close_flow.h"
#include "lb/worker.h"

namespace lb {
namespace {

constexpr unsigned kShare = 10;  // one in so many

unsigned limit(Worker& worker, const Snapshot& snapshot) {
  const uint64_t slots = uint64_t{kLocalPorts} * std::max<size_t>(1, snapshot.active_lips.size());
  const uint64_t all = std::min<uint64_t>(slots, worker.segment.sessions().sessions.count());
  return static_cast<unsigned>(std::clamp<uint64_t>(all / kShare / worker.count, 1, Unanswered::kCapacity));
}

bool is_answered(SlotState state) { return state != SlotState::kEmbryonic && state != SlotState::kProbing; }

}  // namespace

struct Unanswered::Item {
  SlotIndex slot;
  uint8_t generation;
};

Unanswered::Unanswered() : items_(new Item[kCapacity]) {}
Unanswered::~Unanswered() = default;

void Unanswered::push(Worker& worker, const Snapshot& snapshot, Now now, SlotIndex slot) noexcept {
  NatSlots& slots = worker.segment.slots();
  const auto generation_of = [&slots](SlotIndex index) {
    return SlotControl(slots.at(index).control.load(std::memory_order_acquire)).generation();
  };
  while (count_ >= limit(worker, snapshot)) {
    const Item oldest = items_[first_];
    first_ = (first_ + 1) % kCapacity;
    --count_;
    const auto view = NatSlots::read(slots.at(oldest.slot));
    if (!view || view->control.generation() != oldest.generation || is_answered(view->control.state()))
      continue;
    if (close_flow(worker, snapshot, oldest.slot, *view, Quarantine::kNone, now))
      worker.counters.ice.pushed_out.add(1);
  }
  items_[(first_ + count_++) % kCapacity] = {slot, generation_of(slot)};
}

}  // namespace lb
