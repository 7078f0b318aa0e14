// SPDX-License-Identifier: MIT
// Between bursts: take back slots and entries of flows that are over. Each worker sweeps its own share, paced by time.
#include <algorithm>

#include "lb/close_flow.h"
#include "lb/peek_client.h"
#include "lb/pipeline.h"
#include "lb/silence.h"
#include "lb/srt_call.h"
#include "lb/srt_sockets.h"
#include "lb/sweep_sessions.h"
#include "lb/touch_stream.h"

namespace lb {
namespace {

constexpr uint16_t kDsrClosingTicks = ticks_of_s(30);
constexpr uint16_t kLongestQuarantineTicks = ticks_of_s(61);
constexpr uint64_t kTableSweepMs = 8000;
constexpr uint64_t kLongestStepMs = 10;  // a late sweep catches up slowly instead of stalling the burst loop

// How long a slot may be silent in its state, and how it rests afterwards.
struct Limit {
  uint16_t ticks;
  Quarantine cause;
  bool client_only = false;  // silence of the client, whatever the server says
};

Limit limit_of(const Snapshot& snapshot, const NatSlot& slot, SlotControl control, Protocol protocol) {
  const FlowTimeouts& timeouts = snapshot.timeouts;
  const auto idle =
      static_cast<uint16_t>(snapshot.listeners[control.listener()].idle_ticks + kTicksPerSecond);
  if (protocol == Protocol::kTcp) {
    const uint8_t forward = slot.tcp_forward.load(std::memory_order_relaxed);
    const uint8_t reply = slot.tcp_reply.load(std::memory_order_relaxed);
    const Quarantine ended = reply & slot_flag::kFinFirst ? Quarantine::kTimeWait : Quarantine::kBrief;
    if (NatSlots::is_closed(slot))
      return {ticks_of_s(timeouts.closed_s), (forward | reply) & slot_flag::kRst ? Quarantine::kNone : ended};
    if (control.state() == SlotState::kEmbryonic)
      return {ticks_of_s(timeouts.syn_s), Quarantine::kNone, true};
    if ((forward | reply) & slot_flag::kFin)
      return {std::min(idle, ticks_of_s(timeouts.half_closed_s)), ended};
    return {idle, Quarantine::kIdle};
  }
  if (control.state() == SlotState::kEmbryonic || control.state() == SlotState::kProbing)
    return {ticks_of_s(timeouts.unanswered_udp_s), Quarantine::kNone};
  if (has_srt_call(slot) && srt_call_of(slot).over)
    return {ticks_of_s(timeouts.closed_s), Quarantine::kBrief};
  return {idle, session_of(slot) != 0 ? Quarantine::kIce : Quarantine::kIdle};
}

// A datagram that its server did not answer at all.
bool was_unanswered(const NatSlot& slot, SlotControl control, bool udp) {
  return udp && control.state() == SlotState::kEmbryonic &&
         !(has_srt_call(slot) && srt_call_of(slot).answered);
}

void sweep_slot(Worker& worker, const Snapshot& snapshot, Now now, SlotIndex index) {
  NatSlot& slot = worker.segment.slots().at(index);
  const SlotControl control(slot.control.load(std::memory_order_acquire));
  if (control.state() == SlotState::kFree) return;
  if (control.state() == SlotState::kQuarantine) {
    if (ticks_since(now.tick(), control.tick()) > kLongestQuarantineTicks)
      slot.control.store(control.in_state(SlotState::kFree, Quarantine::kNone, now.tick()).raw(),
                         std::memory_order_release);
    return;
  }
  const uint16_t forward_age = ticks_since(now.tick(), slot.forward_tick.load(std::memory_order_relaxed));
  const uint16_t reply_age = ticks_since(now.tick(), slot.reply_tick.load(std::memory_order_relaxed));
  const Protocol protocol = NatSlots::protocol_of(index);
  touch_stream(worker, snapshot, now, index, control, forward_age, reply_age);
  const Limit limit = limit_of(snapshot, slot, control, protocol);
  // A server repeats its SYN-ACK for a minute to a client that may not exist.
  if ((limit.client_only ? forward_age : std::min(forward_age, reply_age)) <= limit.ticks) return;
  const auto view = NatSlots::read(slot);
  const bool unanswered = was_unanswered(slot, control, protocol == Protocol::kUdp);
  if (!view || !close_flow(worker, snapshot, index, *view, limit.cause, now)) return;
  if (unanswered) worker.counters.failures[control.backend()].unanswered.add(1);
}

// True if the slot that an entry names is in use for that entry's client.
template <typename Key>
bool slot_agrees(Worker& worker, const Key& key, FlowControl control) {
  if (control.slot() >= worker.segment.slots().size()) return false;
  const auto view = NatSlots::read(worker.segment.slots().at(control.slot()));
  if (!view || view->control.backend() != control.backend()) return false;
  const NatSlot& slot = worker.segment.slots().at(control.slot());
  if (const uint32_t number = session_of(slot); number != 0)
    return static_cast<bool>(worker.segment.sessions().tuple_on(control.slot(), number - 1, client_of(key),
                                                                client_port_of(key), listener_of(key)));
  return view->control.listener() == listener_of(key) && view->client == client_of(key) &&
         view->client_port == client_port_of(key);
}

// Likewise under a pool's `clients` id, where only SRT sockets have slots.
bool socket_agrees(Worker& worker, const NarrowTable::Key& key, FlowControl control) {
  return is_socket_key(key) && srt_slot_of(worker.segment.slots(), control, socket_of(key));
}
bool socket_agrees(Worker&, const WideTable::Key&, FlowControl) { return false; }

// Entries with a slot live as long as their slot does; the others by their own tick.
template <typename Table>
void sweep_bucket(Worker& worker, const Snapshot& snapshot, Now now, Table& table, uint64_t bucket) {
  table.visit(bucket, [&](const typename Table::Key& key, const typename Table::Found& found) {
    const FlowControl control = found.control;
    const Listener& listener = snapshot.listener(listener_of(key));
    const uint16_t limit = control.slot() == kNoSlotClosing ? kDsrClosingTicks : listener.idle_ticks;
    if (ticks_since(now.tick(), control.tick()) <= limit) return;
    if (is_slot(control.slot())) {
      if (listener.clients ? socket_agrees(worker, key, control) : slot_agrees(worker, key, control))
        Table::refresh(found, now.tick());
      else
        Table::remove(found);
      return;
    }
    if (!Table::remove(found) || listener.clients) return;
    worker.counters.services[listener.service].flows_closed.add(1);
    worker.counters.backends[control.backend()].flows_closed.add(1);
  });
}

// Calls visit(i) for the next of `total` places, as many as the elapsed time asks for: all of the worker's share in a sweep.
template <typename Visit>
void sweep_share(const Worker& worker, uint64_t total, uint64_t elapsed_ms, Worker::Hand& hand,
                 Visit&& visit) {
  const uint64_t first = total * worker.index / worker.count;
  const uint64_t size = total * (worker.index + 1) / worker.count - first;
  if (size == 0) return;
  hand.due += size * elapsed_ms;
  for (; hand.due >= kTableSweepMs; hand.due -= kTableSweepMs) visit(first + hand.at++ % size);
}

template <typename Table>
void sweep_table(Worker& worker, const Snapshot& snapshot, Now now, uint64_t elapsed_ms, Table& table,
                 Worker::Hand& hand) {
  sweep_share(worker, table.buckets(), elapsed_ms, hand,
              [&](uint64_t bucket) { sweep_bucket(worker, snapshot, now, table, bucket); });
}

}  // namespace

void housekeep(Worker& worker, const Snapshot& snapshot, Now now) noexcept {
  worker.slots.follow(snapshot);
  if (worker.swept_ms == 0) worker.swept_ms = now.ms;
  if (now.ms <= worker.swept_ms) return;
  const uint64_t elapsed = std::min(now.ms - worker.swept_ms, kLongestStepMs);
  worker.swept_ms = now.ms;
  worker.slots.sweep(elapsed, [&](SlotIndex index) { sweep_slot(worker, snapshot, now, index); });
  sweep_silent(worker, snapshot, now, elapsed);
  sweep_peeks(worker, snapshot, now, elapsed);
  FlowTables& flows = worker.segment.flows();
  sweep_table(worker, snapshot, now, elapsed, flows.narrow, worker.narrow_hand);
  sweep_table(worker, snapshot, now, elapsed, flows.wide, worker.wide_hand);
  sweep_share(worker, worker.segment.sessions().sessions.count(), elapsed, worker.sessions_hand,
              [&](uint64_t index) { sweep_session(worker, now, static_cast<SessionIndex>(index)); });
  if (worker.index == 0 && now.ms - worker.neighbours_swept_ms >= 1000) {
    worker.neighbours_swept_ms = now.ms;
    worker.neighbours.sweep(now);
  }
}

}  // namespace lb
