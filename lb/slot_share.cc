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
    : first_(kLocalPorts * index / count),
      size_(kLocalPorts * (index + 1) / count - first_),
      row_words_((size_ + 63) / 64),
      rows_(size_t{segment.lips().size()} * 2) {
  marks_.assign(rows_.size() * row_words_, ~uint64_t{0});
  const uint64_t last = size_ % 64 == 0 ? ~uint64_t{0} : (uint64_t{1} << size_ % 64) - 1;
  for (size_t row = 0; row < rows_.size(); ++row) {
    rows_[row].marked = size_;
    marks_[(row + 1) * row_words_ - 1] = last;
  }
  for (uint32_t row = 0; row < rows_.size(); ++row)
    if (segment.lips().at(static_cast<LipIndex>(row / 2)).kind == IdentityKind::kLip)
      take_stock(segment.slots(), row);
}

// The walk goes on at the longest stretch of free slots: a long row of resting ones would refuse flow after flow.
void SlotShare::take_stock(const NatSlots& slots, uint32_t row) noexcept {
  uint32_t stretch = 0, longest = 0;
  for (uint32_t offset = 0; offset < size_; ++offset) {
    const NatSlot& slot = slots.at(row * kLocalPorts + first_ + offset);
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
  const uint64_t row = i / size_;  // one LIP and protocol
  const auto port = static_cast<uint16_t>(kFirstLocalPort + first_ + i % size_);
  return NatSlots::index(lips[row / 2], row % 2 == 1 ? Protocol::kUdp : Protocol::kTcp, port);
}

bool SlotShare::has_rested(SlotControl control, BackendId backend, Tick now) noexcept {
  if (control.turning() || control.state() != SlotState::kQuarantine) return false;
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
  const uint32_t row = slot / kLocalPorts, offset = slot % kLocalPorts - first_;
  uint64_t& word = marks_[size_t{row} * row_words_ + offset / 64];
  const uint64_t bit = uint64_t{1} << offset % 64;
  if ((word & bit) == 0) ++rows_[row].marked;
  word |= bit;
}

void SlotShare::put_back(Ring& ring) noexcept {
  while (ring.count > 0) mark(ring.pop());
}

// A few of one LIP, then of the next, so that a server sees its connections spread over all of them.
bool SlotShare::top_up(unsigned kind, const NatSlots& slots) noexcept {
  Ring& ring = rings_[kind];
  const unsigned family = kind / 2, protocol = kind % 2;
  const unsigned lips = active_count_[family];
  uint32_t row = 0;
  for (unsigned tried = 0;; ++tried) {
    if (tried == lips) return false;
    if (ring.turn >= lips) ring.turn = 0;
    row = active_[family][ring.turn++] * 2U + protocol;
    if (rows_[row].marked > 0) break;
  }
  uint64_t* const words = &marks_[size_t{row} * row_words_];
  uint32_t at = rows_[row].hand / 64;
  uint64_t marked = words[at] & ~uint64_t{0} << rows_[row].hand % 64;
  while (marked == 0) {
    if (++at == row_words_) at = 0;
    marked = words[at];
  }
  const SlotIndex begin = row * kLocalPorts + first_ + at * 64;
  uint32_t bit = 0;
  for (unsigned i = 0; i < kBlock && marked != 0; ++i, marked &= marked - 1) {
    bit = static_cast<uint32_t>(std::countr_zero(marked));
    words[at] &= ~(uint64_t{1} << bit);
    --rows_[row].marked;
    slots.prefetch(begin + bit);
    ring.push(begin + bit);
  }
  const uint32_t hand = at * 64 + bit + 1;
  rows_[row].hand = hand < size_ ? hand : 0;
  return true;
}

// Past the candidates that are in use after all, and those that rest.
std::optional<SlotIndex> SlotShare::search(unsigned kind, const NatSlots& slots, BackendId backend,
                                           Tick now) noexcept {
  Ring& ring = rings_[kind];
  std::array<SlotIndex, kLooks> resting;
  unsigned rest = 0;
  std::optional<SlotIndex> found;
  while (!found && rest < kLooks && (ring.count > 0 || top_up(kind, slots))) {
    const SlotIndex index = ring.pop();
    const NatSlot& slot = slots.at(index);
    if (is_claimable(slot, backend, now))
      found = index;
    else if (!is_used(slot))
      resting[rest++] = index;
  }
  for (unsigned i = 0; i < rest; ++i) mark(resting[i]);
  return found;
}

std::optional<SlotIndex> SlotShare::claim(const NatSlots& slots, Family family, Protocol protocol,
                                          BackendId backend, Tick now) noexcept {
  const unsigned kind = kind_of(family, protocol);
  Ring& r = rings_[kind];
  if (r.count <= kCandidates - kBlock) top_up(kind, slots);
  if (r.count > 0) [[likely]] {
    const SlotIndex oldest = r.pop();
    if (is_claimable(slots.at(oldest), backend, now)) [[likely]]
      return oldest;
    r.push_front(oldest);
  }
  return search(kind, slots, backend, now);
}

void SlotShare::unclaim(SlotIndex slot, Family family, Protocol protocol) noexcept {
  Ring& r = rings_[kind_of(family, protocol)];
  if (r.count == kCandidates) return mark(slot);
  r.push_front(slot);
}

}  // namespace lb
