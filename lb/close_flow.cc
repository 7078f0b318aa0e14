// SPDX-License-Identifier: MIT
#include "lb/close_flow.h"

#include "lb/enter_flow.h"
#include "lb/open_session.h"
#include "lb/srt_call.h"
#include "lb/srt_sockets.h"
#include "lb/touch_stream.h"

namespace lb {

bool close_flow(Worker& worker, const Snapshot& snapshot, SlotIndex index, const SlotView& view,
                Quarantine cause, Now now) noexcept {
  NatSlot& slot = worker.segment.slots().at(index);
  const uint32_t session = session_of(slot);
  const bool srt = NatSlots::protocol_of(index) == Protocol::kUdp && has_srt_call(slot);
  const uint32_t socket = srt ? srt_server_socket(slot) : 0;
  leave_stream(worker, snapshot, index, view.control);
  if (!NatSlots::close(slot, view.control, cause, now.tick())) return false;
  worker.slots.closed(index);
  // The entries go after the slot: a packet in between is still rewritten and its answer dropped, never misrouted.
  if (session != 0) close_session(worker, session - 1, index, view.vip_port);
  leave_flow(worker, view.client, view.client_port, view.control.listener(), view.vip_port, index);
  const Listener& listener = snapshot.listener(view.control.listener());
  if (socket != 0) leave_srt_socket(worker, listener.pool_clients, socket, index);
  worker.counters.services[listener.service].flows_closed.add(1);
  worker.counters.backends[view.control.backend()].flows_closed.add(1);
  return true;
}

unsigned evict_embryonic(Worker& worker, const Snapshot& snapshot, Family family, Protocol protocol,
                         Now now) noexcept {
  constexpr unsigned kLooks = 256;
  if (worker.evicted_ms == now.ms) return 0;
  worker.evicted_ms = now.ms;
  unsigned closed = 0;
  worker.slots.walk(family, protocol, kLooks, [&](SlotIndex index) {
    const NatSlot& slot = worker.segment.slots().at(index);
    const auto view = NatSlots::read(slot);
    if (!view || is_established(view->control.state())) return;
    // A client that is at it within the touch period stays: its handshake may succeed, or its packet is in this burst.
    if (ticks_since(now.tick(), slot.forward_tick.load(std::memory_order_relaxed)) <= kTouchTicks) return;
    closed += close_flow(worker, snapshot, index, *view, Quarantine::kNone, now) ? 1 : 0;
  });
  return closed;
}

}  // namespace lb
