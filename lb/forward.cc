// SPDX-License-Identifier: MIT
#include "lb/forward.h"

#include "lb/affinity.h"
#include "lb/ask_owner.h"
#include "lb/icmp_error.h"
#include "lb/next_hop.h"
#include "lb/pass_on.h"
#include "lb/rewrite.h"
#include "lb/session_bytes.h"
#include "lb/session_reply.h"
#include "lb/wire.h"

namespace lb {
namespace {

void cut_padding(Frame& frame, const Packet& packet) {
  frame.length = static_cast<uint16_t>(packet.l4 - frame.data + packet.l4_length);
}

// Otherwise it is dropped, and its sender told.
bool fits(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, PortIndex egress,
          Verdict& verdict) {
  if (ip_bytes(packet) <= worker.mtus[egress]) [[likely]]
    return true;
  tell_too_big(worker, snapshot, now, packet, worker.mtus[egress]);
  worker.drop(packet, verdict, DropReason::kTooBig);
  return false;
}

}  // namespace

void forward_client(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                    Verdict& verdict) noexcept {
  const Backend& backend = snapshot.backends[packet.backend];
  if (!backend.routed) return worker.drop(packet, verdict, DropReason::kNoRoute);
  cut_padding(frame, packet);
  if (packet.service->reads_whip)
    worker.whip.read(worker, snapshot, now, packet, snapshot.listeners[packet.listener], packet.backend);
  for (TrafficCounters* traffic :
       {&worker.counters.services[packet.service->id], &worker.counters.backends[packet.backend]}) {
    traffic->packets_in.add(1);
    traffic->bytes_in.add(frame.length);
  }
  if (is_one_way(packet.service->forward)) return pass_on(worker, snapshot, now, frame, packet, verdict);
  if (backend.address.is_v4() != packet.v4) return worker.drop(packet, verdict, DropReason::kFamilyMismatch);
  if (!fits(worker, snapshot, now, packet, backend.egress, verdict)) return;
  if (packet.service->affinity == Affinity::kIce)
    count_bytes(worker.segment.slots().at(packet.slot).sequence_delta_or_bytes_in, frame.length);
  rewrite(packet, {snapshot.lips[NatSlots::lip_of(packet.slot)], backend.address,
                   NatSlots::port_of(packet.slot), backend.port != 0 ? backend.port : packet.dst_port});
  send_to(worker, snapshot, now, frame, backend.egress, backend.next_hop, packet, verdict);
}

void forward_reply(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                   Verdict& verdict) noexcept {
  NatSlot& slot = worker.segment.slots().at(packet.slot);
  auto view = NatSlots::read(slot);
  if (!view) return worker.drop(packet, verdict, DropReason::kReplyWithoutSlot);
  if (view->control.state() == SlotState::kProbing && !take_owner(worker, snapshot, now, packet, slot, *view))
    return worker.drop(packet, verdict, DropReason::kReplyFromStranger);
  const SlotControl control = view->control;
  const Backend& backend = snapshot.backends[control.backend()];
  const uint16_t backend_port = backend.port != 0 ? backend.port : view->vip_port;
  if (packet.src != backend.address || packet.src_port != backend_port)
    return worker.drop(packet, verdict, DropReason::kReplyFromStranger);
  if (slot.session.load(std::memory_order_relaxed) != 0)
    direct_reply(worker, snapshot, now, packet, slot, *view);
  const Listener& listener = snapshot.listeners[control.listener() % snapshot.listeners.size()];
  if (listener.vip.is_v4() != packet.v4 || view->client.is_v4() != packet.v4)
    return worker.drop(packet, verdict, DropReason::kFamilyMismatch);
  const auto route = snapshot.routes.find(view->client);
  if (!route) return worker.drop(packet, verdict, DropReason::kNoRoute);
  if (!fits(worker, snapshot, now, packet, route->port, verdict)) return;

  if (packet.protocol == Protocol::kTcp) {
    NatSlots::note_tcp(slot.tcp_reply, slot.tcp_forward, packet.tcp_flags);
    if (control.state() == SlotState::kEmbryonic && !(packet.tcp_flags & tcp_flag::kRst))
      NatSlots::note_answer(slot);
  } else if (control.state() == SlotState::kEmbryonic) {
    NatSlots::confirm(slot, control, now.tick());
  }
  if (ticks_since(now.tick(), slot.reply_tick.load(std::memory_order_relaxed)) >= kTouchTicks)
    slot.reply_tick.store(now.tick(), std::memory_order_relaxed);

  cut_padding(frame, packet);
  if (listener.whip != 0) worker.whip.read(worker, snapshot, now, packet, listener, control.backend());
  for (TrafficCounters* traffic :
       {&worker.counters.services[listener.service], &worker.counters.backends[control.backend()]}) {
    traffic->packets_out.add(1);
    traffic->bytes_out.add(frame.length);
  }
  if (slot.session.load(std::memory_order_relaxed) != 0)
    count_bytes(slot.timestamp_delta_or_bytes_out, frame.length);
  rewrite(packet, {listener.vip, view->client, view->vip_port, view->client_port});
  send_to(worker, snapshot, now, frame, route->port, route->next_hop, packet, verdict);
}

}  // namespace lb
