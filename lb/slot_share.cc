// SPDX-License-Identifier: MIT
#include "lb/slot_share.h"

#include <algorithm>
#include <bit>

namespace lb {
namespace {

constexpr uint16_t kBriefTicks = ticks_of_s(1);
constexpr uint16_t kIceTicks = ticks_of_s(SlotShare::kIceS);
constexpr uint16_t kTimeWaitTicks = ticks_of_s(SlotShare::kTimeWaitS);

bool is_used(const NatSlot& slot) {
  return in_use(SlotControl(slot.control.load(std::memory_order_relaxed)).state());
}

}  // namespace

SlotShare::SlotShare(unsigned index, unsigned count, Segment& segment)
    : index_(index),
      count_(count),
      row_words_((share_size() + 63) / 64),
      rows_(size_t{segment.lips().size()} * 2) {
  marks_.assign(rows_.size() * row_words_, ~uint64_t{0});
  const uint64_t last = share_size() % 64 == 0 ? ~uint64_t{0} : (uint64_t{1} << share_size() % 64) - 1;
  for (size_t row = 0; row < rows_.size(); ++row) {
    rows_[row].marked = share_size();
    marks_[(row + 1) * row_words_ - 1] = last;
  }
  for (uint32_t row = 0; row < rows_.size(); ++row)
    if (segment.lips().at(static_cast<LipIndex>(row / 2)).kind == IdentityKind::kLip)
      take_stock(segment.slots(), row);
}

// The walk goes on at the longest stretch of free slots: a long row of resting ones would refuse flow after flow.
void SlotShare::take_stock(const NatSlots& slots, uint32_t row) noexcept {
  uint32_t stretch = 0, longest = 0;
  for (uint32_t offset = 0; offset < share_size(); ++offset) {
    const NatSlot& slot = slots.at(row * kLocalPorts + share_first() + offset);
    const SlotState state = SlotControl(slot.control.load(std::memory_order_relaxed)).state();
    stretch = state == SlotState::kFree ? stretch + 1 : 0;
    if (stretch > longest) {
      longest = stretch;
      rows_[row].hand = offset + 1 - stretch;
    }
    if (!in_use(state)) continue;
    marks_[size_t{row} * row_words_ + offset / 64] &= ~(uint64_t{1} << offset % 64);
    --rows_[row].marked;
  }
}

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
    put_back(rings_[family * 2]);
    put_back(rings_[family * 2 + 1]);
  }
}

SlotIndex SlotShare::share_slot(const Lips& lips, uint64_t i) const {
  const uint64_t row = i / share_size();  // one LIP and protocol
  const auto port = static_cast<uint16_t>(kFirstLocalPort + share_first() + i % share_size());
  return NatSlots::index(lips[row / 2], row % 2 == 1 ? Protocol::kUdp : Protocol::kTcp, port);
}

bool SlotShare::is_claimable(const NatSlot& slot, BackendId backend, Tick now) noexcept {
  const SlotControl control(slot.control.load(std::memory_order_acquire));
  if (control.turning()) return false;
  if (control.state() == SlotState::kFree) return true;
  if (control.state() != SlotState::kQuarantine) return false;
  const uint16_t age = ticks_since(now, control.tick());
  switch (control.quarantine()) {
    case Quarantine::kNone:
      return true;
    case Quarantine::kBrief:
    case Quarantine::kIdle:
      return age > kBriefTicks;
    case Quarantine::kIce:
      return age > kIceTicks;
    case Quarantine::kTimeWait:
      return age > (control.backend() == backend ? kTimeWaitTicks : kBriefTicks);
  }
  return false;
}

void SlotShare::mark(SlotIndex slot) noexcept {
  const uint32_t row = slot / kLocalPorts, offset = slot % kLocalPorts - share_first();
  uint64_t& word = marks_[size_t{row} * row_words_ + offset / 64];
  const uint64_t bit = uint64_t{1} << offset % 64;
  if ((word & bit) == 0) ++rows_[row].marked;
  word |= bit;
}

void SlotShare::put_back(Ring& ring) noexcept {
  for (unsigned i = 0; i < ring.count; ++i) mark(ring.slots[i]);
  ring.count = 0;
}

uint32_t SlotShare::take_next(uint32_t row) noexcept {
  uint64_t* words = &marks_[size_t{row} * row_words_];
  uint32_t at = rows_[row].hand / 64;
  uint64_t word = words[at] & ~uint64_t{0} << rows_[row].hand % 64;
  while (word == 0) {
    if (++at == row_words_) at = 0;
    word = words[at];
  }
  const uint32_t offset = at * 64 + static_cast<uint32_t>(std::countr_zero(word));
  words[at] &= ~(uint64_t{1} << offset % 64);
  --rows_[row].marked;
  rows_[row].hand = offset + 1 < share_size() ? offset + 1 : 0;
  return offset;
}

bool SlotShare::refill(Ring& ring, NatSlots& slots, Family family, Protocol protocol, BackendId backend,
                       Tick now) noexcept {
  const unsigned f = family == Family::kIpv6 ? 1 : 0;
  std::array<SlotIndex, kLooks> resting;
  unsigned rest = 0, empty = 0;
  while (ring.count < kCandidates && rest < kLooks && empty < active_count_[f]) {
    // One LIP after the other, so that a server sees its connections spread over all of them.
    const LipIndex lip = active_[f][ring.turn++ % active_count_[f]];
    const uint32_t row = lip * 2U + (protocol == Protocol::kUdp ? 1U : 0U);
    if (rows_[row].marked == 0) {
      ++empty;
      continue;
    }
    empty = 0;
    const SlotIndex index = row * kLocalPorts + share_first() + take_next(row);
    const NatSlot& slot = slots.at(index);
    if (is_claimable(slot, backend, now))
      ring.slots[ring.count++] = index;
    else if (!is_used(slot))
      resting[rest++] = index;
  }
  for (unsigned i = 0; i < rest; ++i) mark(resting[i]);
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
      put_back(r);
      if (!refill(r, slots, family, protocol, backend, now)) return std::nullopt;
    }
  }
  return std::nullopt;
}

void SlotShare::unclaim(SlotIndex slot, Family family, Protocol protocol) noexcept {
  Ring& r = ring(family, protocol);
  if (r.count == kCandidates) return mark(slot);
  r.slots[r.count++] = slot;
}

}  // namespace lb
