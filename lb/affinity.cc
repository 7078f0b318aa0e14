// SPDX-License-Identifier: MIT
#include "lb/affinity.h"

#include "lb/ice_affinity.h"

namespace lb {
namespace {

enum class Touched : uint8_t {
  kGone,   // the slot is no longer this flow's, or its flow is over and a new one begins
  kYoung,  // the handshake is not finished: look at the next packet, too
  kFine,
};

// Whether its backend has not answered the SYN.
bool was_ignored(const NatSlot& slot, SlotControl control) {
  return control.state() == SlotState::kEmbryonic &&
         (slot.tcp_reply.load(std::memory_order_relaxed) & slot_flag::kAnswered) == 0;
}

Touched touch_slot(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                   FlowControl control) {
  if (control.slot() >= worker.segment.slots().size()) return Touched::kGone;
  NatSlot& slot = worker.segment.slots().at(control.slot());
  const auto view = NatSlots::read(slot);
  if (!view || view->control.backend() != control.backend()) return Touched::kGone;
  if (session_of(slot) != 0) {
    if (!touch_session(worker, snapshot, now, packet, control.slot())) return Touched::kGone;
    slot.forward_tick.store(now.tick(), std::memory_order_relaxed);
    return Touched::kFine;
  }
  if (view->control.listener() != packet.listener || view->client != packet.src ||
      view->client_port != packet.src_port)
    return Touched::kGone;
  const bool tcp = packet.protocol == Protocol::kTcp;
  if (tcp && is_first_syn(packet)) {
    if (NatSlots::is_closed(slot)) return Touched::kGone;
    if (was_ignored(slot, view->control)) {
      worker.counters.failures[control.backend()].unanswered.add(1);
      // Its client repeats the SYN in vain: another backend shall answer.
      if (snapshot.backends[control.backend()].silent) return Touched::kGone;
    }
  }
  slot.forward_tick.store(now.tick(), std::memory_order_relaxed);
  if (!tcp) return Touched::kFine;
  NatSlots::note_tcp(slot.tcp_forward, slot.tcp_reply, packet.tcp_flags);
  if (view->control.state() != SlotState::kEmbryonic) return Touched::kFine;
  if (was_ignored(slot, view->control) || (packet.tcp_flags & (tcp_flag::kSyn | tcp_flag::kRst)) != 0)
    return Touched::kYoung;
  NatSlots::confirm(slot, view->control, now.tick());
  return Touched::kFine;
}

// The client's place in its pool lives as long as its flows do.
void touch_client(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet) {
  const auto touch = [&](auto& table, const auto& key) {
    const auto found = table.find(key, table.hash(key));
    if (found && found.control.backend() == packet.backend) table.refresh(found, now.tick());
  };
  const ListenerId clients = snapshot.pools[packet.service->pool].clients;
  if (packet.v4)
    touch(worker.segment.flows().narrow, narrow_client_key(packet.src, clients));
  else
    touch(worker.segment.flows().wide, wide_client_key(packet.src, clients));
}

void count_closed(Worker& worker, const Packet& packet, BackendId backend) {
  worker.counters.services[packet.service->id].flows_closed.add(1);
  worker.counters.backends[backend].flows_closed.add(1);
}

}  // namespace

template <typename Table>
bool touch_flow(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, Table& table,
                const typename Table::Key& key, typename Table::Found found) noexcept {
  const FlowControl control = found.control;
  // Its service was in another mode when the flow began, and it has no slot to be sent from.
  if (!is_slot(control.slot()) && packet.service->forward == Forward::kNat) {
    if (table.remove_all(key, packet.hash, control.slot()) > 0)
      count_closed(worker, packet, control.backend());
    return false;
  }
  const bool over = (packet.tcp_flags & (tcp_flag::kFin | tcp_flag::kRst)) != 0;
  // After a RST the next packet must come by here again: it may refute it.
  bool again = (packet.tcp_flags & tcp_flag::kRst) != 0;
  if (is_slot(control.slot())) {
    const Touched touched = touch_slot(worker, snapshot, now, packet, control);
    if (touched == Touched::kGone) {
      table.remove_all(key, packet.hash, control.slot());
      return false;
    }
    again |= touched == Touched::kYoung;
  } else if (packet.protocol == Protocol::kTcp) {
    if (is_first_syn(packet) && control.slot() == kNoSlotClosing) {
      if (table.remove_all(key, packet.hash, control.slot()) > 0)
        count_closed(worker, packet, control.backend());
      return false;
    }
    if (over) table.repoint(found, kNoSlotClosing, control.backend(), now.tick());
  }
  table.refresh(found, again ? static_cast<Tick>(now.tick() - kTouchTicks) : now.tick());
  if (packet.service->affinity == Affinity::kSourceIp) touch_client(worker, snapshot, now, packet);
  return true;
}

template bool touch_flow<NarrowTable>(Worker&, const Snapshot&, Now, const Packet&, NarrowTable&,
                                      const NarrowTable::Key&, NarrowTable::Found) noexcept;
template bool touch_flow<WideTable>(Worker&, const Snapshot&, Now, const Packet&, WideTable&,
                                    const WideTable::Key&, WideTable::Found) noexcept;

void find_missed_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet) noexcept {
  find_flow_by(worker, snapshot, now, packet,
               [&packet](auto& table, const auto& key) { return table.find_missed(key, packet.hash); });
}

std::optional<FlowControl> peek_flow(Worker& worker, const Packet& packet) noexcept {
  return with_flow_table(worker, packet,
                         [&packet](const auto& table, const auto& key) -> std::optional<FlowControl> {
                           const auto found = table.find(key, packet.hash);
                           if (!found) return std::nullopt;
                           return found.control;
                         });
}

}  // namespace lb
