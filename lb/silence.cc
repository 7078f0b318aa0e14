// SPDX-License-Identifier: MIT
#include "lb/silence.h"

#include <algorithm>

#include "lb/checksum.h"
#include "lb/emit.h"
#include "lb/reset_flow.h"
#include "lb/splice.h"
#include "lb/wire.h"

namespace lb {
namespace {

// A reply's tick is renewed once a second: six ticks without are half a second of silence at least. Whose is as old as the
// first may be asked.
constexpr uint16_t kQuietTicks = 2, kSilentTicks = 6;
// From the first look at a flow that waits for its backend to the one that ends it: 0.75 to 1 s.
constexpr unsigned kPatienceTicks = 4;
constexpr uint64_t kPassMs = 250, kSlotsPerMs = 1024;
constexpr unsigned kAskedPerMs = 16;
static_assert(kMaxSessions < kAcknowledged);

// The high half of NatSlot::tcp_forward: since when the flow waits, in ticks modulo 15, plus one; 0: it does not.
constexpr unsigned kTurn = 15;
constexpr uint8_t kOthers = 0x0f;

void set_waiting(NatSlot& slot, unsigned value) {
  const uint8_t before = slot.tcp_forward.load(std::memory_order_relaxed);
  const auto after = static_cast<uint8_t>((before & kOthers) | value << 4);
  if (after != before) slot.tcp_forward.store(after, std::memory_order_relaxed);
}

unsigned silent_ticks(const NatSlot& slot, Now now) {
  return ticks_since(now.tick(), slot.reply_tick.load(std::memory_order_relaxed));
}

// Begins to wait if it does not yet, or anew if what is noted is of an earlier silence or a reply came since. In ticks.
unsigned waited(NatSlot& slot, Now now, uint64_t unanswered_ms) {
  const unsigned at = now.tick() % kTurn;
  const unsigned since = slot.tcp_forward.load(std::memory_order_relaxed) >> 4;
  const unsigned ticks = since == 0 ? 0 : (at + kTurn - (since - 1)) % kTurn;
  const uint64_t most_ms = now.ms - std::min(now.ms, unanswered_ms) + kTickMs;
  if (since == 0 || ticks * kTickMs > most_ms || silent_ticks(slot, now) < ticks) {
    set_waiting(slot, at + 1);
    return 0;
  }
  return ticks;
}

// With the number before its own a segment is old, and whoever gets it says what is awaited (RFC 9293 section 3.8.4).
void make_keep_alive(Packet& packet) {
  auto* tcp = reinterpret_cast<TcpHeader*>(packet.l4);
  const be32 before = tcp->sequence;
  tcp->sequence = be32::of(before.host() - 1);
  ChecksumDelta delta;
  delta.change(before, tcp->sequence);
  tcp->checksum = delta.apply(tcp->checksum);
}

// A pure ACK with a number that is no client's: it must be answered.
bool ask_client(Worker& worker, const Snapshot& snapshot, Now now, const NatSlot& slot,
                const SlotView& view) {
  const Listener& listener = snapshot.listener(view.listener);
  if (listener.vip.is_v4() != view.client.is_v4()) return false;
  const uint32_t acknowledged = awaited(slot, static_cast<uint32_t>(now.ms));
  // Another one each time, lest it lies in the client's window by chance: then it says nothing.
  const auto number = static_cast<uint32_t>(acknowledged + (now.ms << 20));
  return emit_tcp(worker, snapshot, now, {listener.vip, view.vip_port}, {view.client, view.client_port},
                  {number, acknowledged, tcp_flag::kAck});
}

}  // namespace

void note_acknowledged(NatSlot& slot, const Packet& packet) noexcept {
  if ((packet.tcp_flags & tcp_flag::kAck) == 0) return;
  const uint32_t seen = reinterpret_cast<const TcpHeader*>(packet.l4)->acknowledgement.host() | kAcknowledged;
  if (slot.session_or_acknowledged.load(std::memory_order_relaxed) != seen)
    slot.session_or_acknowledged.store(seen, std::memory_order_relaxed);
}

bool meet_silence(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                  Verdict& verdict) noexcept {
  constexpr uint8_t kNotPlain = tcp_flag::kSyn | tcp_flag::kRst;
  NatSlot& slot = worker.segment.slots().at(packet.slot);
  const SlotControl control(slot.control.load(std::memory_order_acquire));
  if (!is_established(control.state()) || control.backend() != packet.backend ||
      (packet.tcp_flags & (kNotPlain | tcp_flag::kAck)) != tcp_flag::kAck)
    return false;
  const auto* tcp = reinterpret_cast<const TcpHeader*>(packet.l4);
  const unsigned payload = packet.l4_length - (tcp->offset >> 4) * 4U;
  const uint32_t end = tcp->sequence.host() + payload + ((packet.tcp_flags & tcp_flag::kFin) != 0 ? 1 : 0);
  const Backend& backend = snapshot.backends[packet.backend];
  const auto ahead = static_cast<int32_t>(end - awaited(slot, end));
  if (ahead <= 0) {
    if (!backend.silent || now.ms < backend.unanswered_ms + kQuietPatienceMs) {
      set_waiting(slot, 0);
      return false;
    }
    if (payload == 0) make_keep_alive(packet);
  }
  const bool patient = waited(slot, now, backend.unanswered_ms) < kPatienceTicks;
  if (patient || !backend.silent || silent_ticks(slot, now) < kSilentTicks) return false;
  if (!reset_flow(worker, snapshot, now, packet, slot)) return false;
  worker.drop(packet, verdict, DropReason::kServerSilent);
  return true;
}

void sweep_silent(Worker& worker, const Snapshot& snapshot, Now now, uint64_t elapsed_ms) noexcept {
  Worker::SilencePass& pass = worker.silence;
  if (!snapshot.any_unanswered) {
    pass = {};
    return;
  }
  if (now.ms < pass.next_ms) return;
  if (pass.at == 0) pass.began_ms = now.ms;
  unsigned asked = 0;
  const uint64_t total = worker.slots.tcp_slots();
  const uint64_t end = std::min(total, pass.at + kSlotsPerMs * elapsed_ms);
  for (; pass.at < end && asked < kAskedPerMs; ++pass.at) {
    const NatSlot& slot = worker.segment.slots().at(worker.slots.tcp_slot(pass.at));
    const SlotControl control(slot.control.load(std::memory_order_relaxed));
    if (!is_established(control.state()) || snapshot.backends[control.backend()].unanswered_ms == 0 ||
        silent_ticks(slot, now) < kQuietTicks || NatSlots::is_closed(slot))
      continue;
    const auto view = NatSlots::read(slot);
    if (view && ask_client(worker, snapshot, now, slot, *view)) ++asked;
  }
  if (pass.at < total) return;
  pass.at = 0;
  pass.next_ms = pass.began_ms + kPassMs;
}

}  // namespace lb
