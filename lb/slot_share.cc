// SPDX-License-Identifier: MIT
#include "lb/slot_share.h"

#include <algorithm>

namespace lb {
namespace {

constexpr uint16_t kBriefTicks = ticks_of_s(1);
constexpr uint16_t kTimeWaitTicks = ticks_of_s(60);

}  // namespace

void SlotShare::follow(const Snapshot& snapshot) noexcept {
  if (snapshot.generation == generation_) return;
  generation_ = snapshot.generation;
  const Lips before_all = all_;
  const unsigned before_count = all_count_;
  const std::array<Lips, 2> before_active = active_;
  const std::array<unsigned, 2> before_active_count = active_count_;

  all_count_ = 0;
  for (size_t i = 0; i < snapshot.lips.size() && all_count_ < kMaxLips; ++i)
    if (!snapshot.lips[i].is_unset()) all_[all_count_++] = static_cast<LipIndex>(i);
  active_count_ = {};
  for (const LipIndex lip : snapshot.active_lips) {
    const unsigned family = snapshot.lips[lip].is_v4() ? 0 : 1;
    active_[family][active_count_[family]++] = lip;
  }
  const auto same = [](const Lips& a, unsigned a_count, const Lips& b, unsigned b_count) {
    return a_count == b_count && std::equal(a.begin(), a.begin() + a_count, b.begin());
  };
  if (!same(all_, all_count_, before_all, before_count)) sweep_hand_ = 0;
  for (unsigned family = 0; family < 2; ++family) {
    if (same(active_[family], active_count_[family], before_active[family], before_active_count[family]))
      continue;
    for (unsigned i = 0; i < 2; ++i) {
      rings_[family * 2 + i].count = 0;
      rings_[family * 2 + i].hand = 0;
    }
  }
}

SlotIndex SlotShare::share_slot(const Lips& lips, uint64_t i) const {
  const uint64_t row = i / share_size();  // one LIP and protocol
  const auto port = static_cast<uint16_t>(kFirstLocalPort + share_first() + i % share_size());
  return NatSlots::index(lips[row / 2], row % 2 == 1 ? Protocol::kUdp : Protocol::kTcp, port);
}

bool SlotShare::is_claimable(const NatSlot& slot, BackendId backend, Tick now) noexcept {
  const SlotControl control(slot.control.load(std::memory_order_acquire));
  if (control.state() == SlotState::kFree) return true;
  if (control.state() != SlotState::kQuarantine) return false;
  const uint16_t age = ticks_since(now, control.tick());
  switch (control.quarantine()) {
    case Quarantine::kNone:
      return true;
    case Quarantine::kBrief:
    case Quarantine::kIdle:
      return age > kBriefTicks;
    case Quarantine::kTimeWait:
      return age > (control.backend() == backend ? kTimeWaitTicks : kBriefTicks);
  }
  return false;
}

bool SlotShare::refill(Ring& ring, NatSlots& slots, Family family, Protocol protocol, BackendId backend,
                       Tick now) noexcept {
  const unsigned f = family == Family::kIpv6 ? 1 : 0;
  const uint64_t total = uint64_t{active_count_[f]} * share_size();
  if (total == 0) return false;
  for (unsigned look = 0; look < kLooks && look < total; ++look) {
    // One LIP after the other on each step, so that a server sees its connections spread over all of them.
    const LipIndex lip = active_[f][ring.hand % active_count_[f]];
    const auto port =
        static_cast<uint16_t>(kFirstLocalPort + share_first() + ring.hand / active_count_[f] % share_size());
    if (++ring.hand >= total) ring.hand = 0;
    const SlotIndex index = NatSlots::index(lip, protocol, port);
    if (!is_claimable(slots.at(index), backend, now)) continue;
    ring.slots[ring.count++] = index;
    if (ring.count == kCandidates) break;
  }
  // Taken from the end: turn the order so that ports are used upwards.
  std::reverse(ring.slots.begin(), ring.slots.begin() + ring.count);
  return ring.count > 0;
}

std::optional<SlotIndex> SlotShare::claim(NatSlots& slots, Family family, Protocol protocol,
                                          BackendId backend, Tick now) noexcept {
  Ring& r = ring(family, protocol);
  for (unsigned round = 0; round < 2; ++round) {
    for (unsigned i = r.count; i-- > 0;) {
      const SlotIndex index = r.slots[i];
      if (!is_claimable(slots.at(index), backend, now)) continue;  // resting towards this server only
      r.slots[i] = r.slots[--r.count];
      return index;
    }
    if (round == 0) {
      r.count = 0;
      if (!refill(r, slots, family, protocol, backend, now)) return std::nullopt;
    }
  }
  return std::nullopt;
}

void SlotShare::unclaim(SlotIndex slot, Family family, Protocol protocol) noexcept {
  Ring& r = ring(family, protocol);
  if (r.count < kCandidates) r.slots[r.count++] = slot;
}

}  // namespace lb
