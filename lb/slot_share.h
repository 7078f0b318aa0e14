// SPDX-License-Identifier: MIT
// One worker's share of the NAT slots: the part of every LIP's ports that it alone gives out and takes back.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "lb/nat_slot.h"
#include "lb/segment.h"
#include "lb/snapshot.h"

namespace lb {

class SlotShare {
 public:
  static constexpr unsigned kCandidates = 32;  // slots kept at hand, per family and protocol; a power of two
  static constexpr unsigned kBlock = 8;        // of them that come at once, from one LIP
  static constexpr unsigned kLooks = 256;      // resting slots looked at for one claim before it gives up
  static constexpr uint32_t kSweepMs = 4000;   // time of one walk over the share
  static constexpr uint32_t kTimeWaitS = 60;   // rest towards a server that closed first
  static constexpr uint32_t kIceS = 35;  // rest after an ICE session: SRS's stun_timeout of 30 s and some

  // index, count  this worker of how many
  // segment       read once for the slots that are in use already. Allocates a bit for each slot of the share
  SlotShare(unsigned index, unsigned count, Segment& segment);

  // Takes note of the LIPs of a new snapshot; cheap when the generation is known.
  void follow(const Snapshot& snapshot) noexcept;

  // A free slot for a new flow to `backend`, not yet filled; nullopt when none was found.
  std::optional<SlotIndex> claim(const NatSlots& slots, Family family, Protocol protocol, BackendId backend,
                                 Tick now) noexcept;
  // Gives a claimed slot back that was not opened.
  void unclaim(SlotIndex slot, Family family, Protocol protocol) noexcept;
  // Takes note of a slot that its owner closed.
  void closed(SlotIndex slot) noexcept { mark(slot); }

  // Walks on over the whole share by as many slots as `elapsed_ms` asks for, and calls visit(index) for each.
  template <typename Visit>
  void sweep(uint64_t elapsed_ms, Visit&& visit) noexcept {
    const uint64_t total = uint64_t{all_count_} * 2 * size_;
    if (total == 0) return;
    due_ += total * (elapsed_ms < kSweepMs ? elapsed_ms : kSweepMs);
    const uint64_t steps = due_ / kSweepMs;
    due_ %= kSweepMs;
    for (uint64_t i = 0; i < steps; ++i) {
      visit(share_slot(all_, sweep_hand_));
      if (++sweep_hand_ >= total) sweep_hand_ = 0;
    }
  }

  // Calls visit(index) for the next `count` slots of one kind on the LIPs that take new flows, round and round.
  template <typename Visit>
  void walk(Family family, Protocol protocol, unsigned count, Visit&& visit) noexcept {
    const unsigned f = family == Family::kIpv6 ? 1 : 0;
    const uint64_t total = uint64_t{active_count_[f]} * size_;
    uint64_t& hand = rings_[kind_of(family, protocol)].walk;
    for (unsigned i = 0; i < count && i < total; ++i) {
      if (hand >= total) hand = 0;
      const auto port = static_cast<uint16_t>(kFirstLocalPort + first_ + hand % size_);
      visit(NatSlots::index(active_[f][hand / size_], protocol, port));
      ++hand;
    }
  }

  // The slots of TCP, of all LIPs, as a row of so many.
  [[nodiscard]] uint64_t tcp_slots() const { return uint64_t{all_count_} * size_; }
  [[nodiscard]] SlotIndex tcp_slot(uint64_t i) const {
    return share_slot(all_, i / size_ * 2 * size_ + i % size_);
  }

  // True when the slot may be given out for a flow to `backend`.
  static bool is_claimable(const NatSlot& slot, BackendId backend, Tick now) noexcept {
    const SlotControl control(slot.control.load(std::memory_order_acquire));
    return control.state() == SlotState::kFree ? !control.turning() : has_rested(control, backend, now);
  }

 private:
  static bool has_rested(SlotControl control, BackendId backend, Tick now) noexcept;

  // Candidates of one kind, oldest first. Each was asked for when it came in, so that its cache line is there when it is claimed; it
  // is looked at only then.
  struct Ring {
    std::array<SlotIndex, kCandidates> slots;
    unsigned first = 0, count = 0;
    unsigned turn = 0;  // whose LIP's it is
    uint64_t walk = 0;  // where walk() goes on

    void push(SlotIndex slot) noexcept { slots[(first + count++) % kCandidates] = slot; }
    void push_front(SlotIndex slot) noexcept {
      slots[--first % kCandidates] = slot;
      ++count;
    }
    SlotIndex pop() noexcept {
      --count;
      return slots[first++ % kCandidates];
    }
  };
  // The ports of one LIP and protocol in this share.
  struct Row {
    uint32_t hand = 0;    // the walk goes on here
    uint32_t marked = 0;  // bits set
  };
  using Lips = std::array<LipIndex, kMaxLips>;

  // The i-th slot of this share over `lips`, protocol by protocol.
  [[nodiscard]] SlotIndex share_slot(const Lips& lips, uint64_t i) const;
  static unsigned kind_of(Family family, Protocol protocol) {
    return (family == Family::kIpv6 ? 2U : 0U) + (protocol == Protocol::kUdp ? 1U : 0U);
  }
  void take_stock(const NatSlots& slots, uint32_t row) noexcept;
  void mark(SlotIndex slot) noexcept;
  void put_back(Ring& ring) noexcept;
  // Adds the next marked slots of the LIP whose turn it is, up to kBlock, and unmarks them. REQUIRES: the ring has room for them
  // returns  false if no LIP has any
  bool top_up(unsigned kind, const NatSlots& slots) noexcept;
  std::optional<SlotIndex> search(unsigned kind, const NatSlots& slots, BackendId backend, Tick now) noexcept;

  const uint32_t first_, size_;  // the share: ports of every LIP, counted from kFirstLocalPort
  const uint32_t row_words_;
  // A bit for each slot of the share: clear while it is in use or a candidate. Only the owner opens and closes a slot,
  // so old flows in a long row cost no look. A marked slot that is found in use after all is unmarked.
  std::vector<uint64_t> marks_;
  std::vector<Row> rows_;
  uint64_t generation_ = 0;
  Lips all_{};  // every LIP that may still have slots in use: swept
  unsigned all_count_ = 0;
  std::array<Lips, 2> active_{};  // LIPs that take new flows, v4 then v6
  std::array<unsigned, 2> active_count_{};
  std::array<Ring, 4> rings_;  // v4 TCP, v4 UDP, v6 TCP, v6 UDP
  uint64_t sweep_hand_ = 0;
  uint64_t due_ = 0;
};

}  // namespace lb
