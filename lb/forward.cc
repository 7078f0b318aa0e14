// SPDX-License-Identifier: MIT
#include "lb/forward.h"

#include "lb/affinity.h"
#include "lb/ask_owner.h"
#include "lb/checksum.h"
#include "lb/next_hop.h"
#include "lb/session_bytes.h"
#include "lb/session_reply.h"
#include "lb/wire.h"

namespace lb {
namespace {

// Both ends of a packet, as it shall leave.
struct Ends {
  IpAddress source, destination;
  uint16_t source_port, destination_port;
};

// TTL and protocol share a 16-bit word of the IPv4 header.
void decrement_ttl(Packet& packet, ChecksumDelta& header) {
  if (packet.v4) {
    auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
    const be16 before = be16::of(static_cast<uint16_t>(ip->ttl << 8));
    --ip->ttl;
    header.change(before, be16::of(static_cast<uint16_t>(ip->ttl << 8)));
  } else {
    --reinterpret_cast<Ipv6Header*>(packet.l3)->hop_limit;
  }
}

void rewrite_l4(Packet& packet, const Ends& ends, ChecksumDelta delta) {
  const be16 source = be16::of(ends.source_port), destination = be16::of(ends.destination_port);
  delta.change(be16::of(packet.src_port), source);
  delta.change(be16::of(packet.dst_port), destination);
  if (packet.protocol == Protocol::kTcp) {
    auto* tcp = reinterpret_cast<TcpHeader*>(packet.l4);
    tcp->source = source;
    tcp->destination = destination;
    tcp->checksum = delta.apply(tcp->checksum);
  } else {
    auto* udp = reinterpret_cast<UdpHeader*>(packet.l4);
    udp->source = source;
    udp->destination = destination;
    udp->checksum = delta.apply_udp(udp->checksum);
  }
}

// REQUIRES: all addresses of the packet's family.
void rewrite(Packet& packet, const Ends& ends) {
  ChecksumDelta addresses;
  addresses.change(packet.src, ends.source);
  addresses.change(packet.dst, ends.destination);
  if (packet.v4) {
    auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
    ip->source = ends.source.as_v4();
    ip->destination = ends.destination.as_v4();
    ChecksumDelta header = addresses;
    decrement_ttl(packet, header);
    ip->checksum = header.apply(ip->checksum);
  } else {
    auto* ip = reinterpret_cast<Ipv6Header*>(packet.l3);
    std::memcpy(ip->source.data(), ends.source.bytes(), 16);
    std::memcpy(ip->destination.data(), ends.destination.bytes(), 16);
    decrement_ttl(packet, addresses);
  }
  rewrite_l4(packet, ends, addresses);
}

void cut_padding(Frame& frame, const Packet& packet) {
  frame.length = static_cast<uint16_t>(packet.l4 - frame.data + packet.l4_length);
}

}  // namespace

void forward_client(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                    Verdict& verdict) noexcept {
  const Backend& backend = snapshot.backends[packet.backend];
  if (!backend.routed) return worker.drop(packet, verdict, DropReason::kNoRoute);
  if (backend.address.is_v4() != packet.v4) return worker.drop(packet, verdict, DropReason::kFamilyMismatch);
  cut_padding(frame, packet);
  if (packet.service->reads_whip)
    worker.whip.read(worker, snapshot, now, packet, snapshot.listeners[packet.listener], packet.backend);
  for (TrafficCounters* traffic :
       {&worker.counters.services[packet.service->id], &worker.counters.backends[packet.backend]}) {
    traffic->packets_in.add(1);
    traffic->bytes_in.add(frame.length);
  }
  if (is_slot(packet.slot)) {
    if (packet.service->affinity == Affinity::kIce)
      count_bytes(worker.segment.slots().at(packet.slot).sequence_delta_or_bytes_in, frame.length);
    rewrite(packet, {snapshot.lips[NatSlots::lip_of(packet.slot)], backend.address,
                     NatSlots::port_of(packet.slot), backend.port != 0 ? backend.port : packet.dst_port});
  } else {
    ChecksumDelta header;
    decrement_ttl(packet, header);
    if (packet.v4) {
      auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
      ip->checksum = header.apply(ip->checksum);
    }
  }
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
