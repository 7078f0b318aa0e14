// SPDX-License-Identifier: MIT
#include "lb/close_flow.h"

#include "lb/affinity.h"

namespace lb {
namespace {

// The entry goes after the slot: a packet in between is still rewritten and its answer dropped, never misrouted.
void remove_entry(Worker& worker, const SlotView& view, SlotIndex index) {
  const ListenerId listener = view.control.listener();
  FlowTables& flows = worker.segment.flows();
  if (view.client.is_v4()) {
    const auto key = narrow_key(view.client, view.client_port, listener);
    if (flows.narrow.remove_all(key, flows.narrow.hash(key), index) > 0) return;
  }
  const auto key = wide_key(view.client, view.client_port, listener, view.vip_port);
  flows.wide.remove_all(key, flows.wide.hash(key), index);
}

}  // namespace

bool close_flow(Worker& worker, const Snapshot& snapshot, SlotIndex index, const SlotView& view,
                Quarantine cause, Now now) noexcept {
  if (!NatSlots::close(worker.segment.slots().at(index), view.control, cause, now.tick())) return false;
  worker.slots.closed(index);
  remove_entry(worker, view, index);
  const Listener& listener = snapshot.listeners[view.control.listener() % snapshot.listeners.size()];
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
    if (!view || view->control.state() != SlotState::kEmbryonic) return;
    // A client that is at it within the touch period stays: its handshake may succeed, or its packet is in this burst.
    if (ticks_since(now.tick(), slot.forward_tick.load(std::memory_order_relaxed)) <= kTouchTicks) return;
    closed += close_flow(worker, snapshot, index, *view, Quarantine::kNone, now) ? 1 : 0;
  });
  return closed;
}

}  // namespace lb
