// SPDX-License-Identifier: MIT
#include "lb/nat_slot.h"

namespace lb {

void NatSlots::fill(NatSlot& slot, BackendId backend, ListenerId listener, const IpAddress& client,
                    uint16_t client_port, uint16_t vip_port, Tick now) noexcept {
  const SlotControl old(slot.control.load(std::memory_order_relaxed));
  const SlotControl next(SlotState::kFree, 0, static_cast<uint8_t>(old.generation() + 1), backend, listener,
                         Quarantine::kNone, now);
  slot.control.store(next.raw(), std::memory_order_release);
  slot.lane_high[0].store(client.high(), std::memory_order_release);
  slot.lane_low[0].store(client.low(), std::memory_order_release);
  slot.lane_port[0].store(client_port, std::memory_order_release);
  slot.vip_port.store(vip_port, std::memory_order_release);
  slot.forward_tick.store(now, std::memory_order_release);
  slot.reply_tick.store(now, std::memory_order_release);
  slot.tcp_forward.store(0, std::memory_order_release);
  slot.tcp_reply.store(0, std::memory_order_release);
  slot.splice_base_or_bytes_in.store(0, std::memory_order_release);
  slot.splice_or_bytes_out.store(0, std::memory_order_release);
  slot.session_or_acknowledged.store(0, std::memory_order_release);
}

void NatSlots::open(NatSlot& slot, Tick now, SlotState state) noexcept {
  const SlotControl filled(slot.control.load(std::memory_order_relaxed));
  slot.control.store(filled.in_state(state, Quarantine::kNone, now).raw(), std::memory_order_release);
}

void NatSlots::confirm(NatSlot& slot, SlotControl seen, Tick now) noexcept {
  uint64_t expected = seen.raw();
  slot.control.compare_exchange_strong(
      expected, seen.in_state(SlotState::kLive, Quarantine::kNone, now).raw(), std::memory_order_acq_rel);
}

void NatSlots::begin_again(NatSlot& slot, Tick now) noexcept {
  const SlotControl seen(slot.control.load(std::memory_order_acquire));
  if (seen.state() != SlotState::kLive) return;
  uint64_t expected = seen.raw();
  slot.control.compare_exchange_strong(expected,
                                       seen.in_state(SlotState::kEmbryonic, Quarantine::kNone, now).raw(),
                                       std::memory_order_acq_rel);
}

bool NatSlots::pin(NatSlot& slot, SlotControl& seen, BackendId owner, Tick now) noexcept {
  const SlotControl pinned = seen.in_state(SlotState::kLive, Quarantine::kNone, now).with_backend(owner);
  uint64_t expected = seen.raw();
  if (!slot.control.compare_exchange_strong(expected, pinned.raw(), std::memory_order_acq_rel)) return false;
  seen = pinned;
  return true;
}

bool NatSlots::join(NatSlot& slot, SlotControl seen, Tick now) noexcept {
  uint64_t expected = seen.raw();
  return slot.control.compare_exchange_strong(
      expected, seen.in_state(SlotState::kSpliced, Quarantine::kNone, now).raw(), std::memory_order_acq_rel);
}

bool NatSlots::turn(NatSlot& slot, SlotControl seen, const IpAddress& client, uint16_t client_port,
                    ListenerId listener) noexcept {
  uint64_t expected = seen.raw();
  if (seen.turning() ||
      !slot.control.compare_exchange_strong(expected, seen.begin_turn().raw(), std::memory_order_acq_rel))
    return false;
  const unsigned idle = seen.lane() ^ 1;
  slot.lane_high[idle].store(client.high(), std::memory_order_release);
  slot.lane_low[idle].store(client.low(), std::memory_order_release);
  slot.lane_port[idle].store(client_port, std::memory_order_release);
  expected = seen.begin_turn().raw();
  while (SlotControl(expected).same_use(seen))
    if (slot.control.compare_exchange_weak(expected, SlotControl(expected).end_turn(listener).raw(),
                                           std::memory_order_acq_rel))
      return true;
  // It was closed meanwhile, and rests until this is done: nobody else may write lanes either.
  while (SlotControl(expected).turning() &&
         !slot.control.compare_exchange_weak(expected, SlotControl(expected).without_turn().raw(),
                                             std::memory_order_acq_rel)) {
  }
  return false;
}

bool NatSlots::close(NatSlot& slot, SlotControl seen, Quarantine cause, Tick now) noexcept {
  uint64_t expected = seen.raw();
  return slot.control.compare_exchange_strong(
      expected, seen.in_state(SlotState::kQuarantine, cause, now).raw(), std::memory_order_acq_rel);
}

void NatSlots::note_tcp(std::atomic<uint8_t>& own, const std::atomic<uint8_t>& other,
                        uint8_t tcp_flags) noexcept {
  constexpr uint8_t kFinBit = 0x01, kRstBit = 0x04;
  const uint8_t before = own.load(std::memory_order_relaxed);
  // A forged RST is refuted by the next segment of the side it was forged for.
  uint8_t after = static_cast<uint8_t>(before & ~slot_flag::kRst);
  if (tcp_flags & kRstBit) after |= slot_flag::kRst;
  if ((tcp_flags & kFinBit) && !(after & slot_flag::kFin)) {
    after |= slot_flag::kFin;
    if (!(other.load(std::memory_order_relaxed) & slot_flag::kFin)) after |= slot_flag::kFinFirst;
  }
  if (after != before) own.store(after, std::memory_order_relaxed);
}

bool NatSlots::is_closed(const NatSlot& slot) noexcept {
  const uint8_t forward = slot.tcp_forward.load(std::memory_order_relaxed);
  const uint8_t reply = slot.tcp_reply.load(std::memory_order_relaxed);
  return ((forward | reply) & slot_flag::kRst) != 0 || (forward & reply & slot_flag::kFin) != 0;
}

}  // namespace lb
