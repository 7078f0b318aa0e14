// SPDX-License-Identifier: MIT
// The way on of nearly all packets: whole ones of flows that are under way, through `nat` within a family or `dsr`, of services that do
// nothing else with them. For these it does what forward_client() and forward_reply() (lb/forward.h) do, its plain twins; all others
// are left to those.
#pragma once

#include "lb/next_hop.h"
#include "lb/rewrite.h"
#include "lb/seam.h"
#include "lb/silence.h"
#include "lb/splice.h"
#include "lb/srt_call.h"
#include "lb/srt_client.h"

namespace lb {
namespace fast {

// Bytes of the IP packet. REQUIRES: it is whole, with TCP or UDP
inline unsigned ip_bytes(const Packet& packet) {
  return static_cast<unsigned>(packet.l4 - packet.l3) + packet.l4_length;
}

// Cuts padding off, as cut_padding().
inline void cut_to(Frame& frame, unsigned ip_bytes) {
  frame.length = static_cast<uint16_t>(sizeof(EthernetHeader) + ip_bytes);
}

// A client's frame, as it came but for its padding.
inline void count_in(Worker& worker, ServiceId service, BackendId backend, const Frame& frame) {
  TrafficCounters& of_service = worker.counters.services[service];
  TrafficCounters& of_backend = worker.counters.backends[backend];
  of_service.packets_in.add(1);
  of_service.bytes_in.add(frame.length);
  of_backend.packets_in.add(1);
  of_backend.bytes_in.add(frame.length);
}

// A reply of a flow that both sides keep up, and whose slot notes nothing but its ticks and what is acknowledged.
inline bool is_under_way(const NatSlot& slot, const SlotView& view, const Packet& packet) {
  constexpr uint8_t kEdges = tcp_flag::kSyn | tcp_flag::kFin | tcp_flag::kRst;
  if (is_joined(view.control))
    return is_plain_segment(packet) && (packet.tcp_flags & kEdges) == 0 && !seam_of(slot).settling;
  if (view.control.state() != SlotState::kLive || session_of(slot) != 0) return false;
  if (packet.protocol == Protocol::kUdp) return !has_srt_call(slot) || !is_srt_edge(packet);
  return (packet.tcp_flags & kEdges) == 0 && !is_spliced(slot) &&
         (slot.tcp_reply.load(std::memory_order_relaxed) & slot_flag::kRst) == 0;
}

}  // namespace fast

// A client's packet. REQUIRES: as forward_client(); frame.data is where parse() found it
// returns  false, and nothing changed: ask forward_client()
inline bool forward_client_fast(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame,
                                Packet& packet, Verdict& verdict) noexcept {
  const Service& service = *packet.service;
  const Backend& backend = snapshot.backends[packet.backend];
  if (!service.is_plain || !backend.is_plain[packet.v4] || packet.piece != Piece::kWhole ||
      (packet.tcp_flags & tcp_flag::kSyn) != 0)
    return false;
  const unsigned bytes = fast::ip_bytes(packet);
  if (bytes > worker.mtus[backend.egress]) [[unlikely]]
    return false;
  fast::cut_to(frame, bytes);
  fast::count_in(worker, service.id, packet.backend, frame);
  if (service.forward == Forward::kNat)
    rewrite(packet, snapshot.lips[NatSlots::lip_of(packet.slot)], NatSlots::port_of(packet.slot),
            backend.address, backend.port != 0 ? backend.port : packet.dst_port);
  else
    decrement_ttl(packet);
  send_to(worker, snapshot, now, frame, backend.egress, backend.next_hop, packet, verdict);
  return true;
}

// A backend's packet. REQUIRES: as forward_reply(); frame.data is where parse() found it
// returns  false, and nothing changed: ask forward_reply()
inline bool forward_reply_fast(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame,
                               Packet& packet, Verdict& verdict) noexcept {
  NatSlot& slot = worker.segment.slots().at(packet.slot);
  const auto view = NatSlots::read(slot);
  if (!view || packet.piece != Piece::kWhole || !fast::is_under_way(slot, *view, packet)) return false;
  const BackendId id = view->control.backend();
  const Backend& backend = snapshot.backends[id];
  const Listener& listener = snapshot.listener(view->listener);
  const bool v4 = packet.v4;
  if (packet.src != backend.address ||
      packet.src_port != (backend.port != 0 ? backend.port : view->vip_port) || view->client.is_v4() != v4 ||
      listener.vip.is_v4() != v4 || listener.whip != 0)
    return false;
  const auto route = snapshot.routes.find(view->client);
  const unsigned bytes = fast::ip_bytes(packet);
  if (!route || bytes > worker.mtus[route->port]) [[unlikely]]
    return false;
  if (is_joined(view->control)) join_plain(to_client(seam_of(slot)), packet);
  if (packet.protocol == Protocol::kTcp) note_acknowledged(slot, packet);
  if (ticks_since(now.tick(), slot.reply_tick.load(std::memory_order_relaxed)) >= kTouchTicks) [[unlikely]]
    slot.reply_tick.store(now.tick(), std::memory_order_relaxed);
  fast::cut_to(frame, bytes);
  TrafficCounters& of_service = worker.counters.services[listener.service];
  TrafficCounters& of_backend = worker.counters.backends[id];
  of_service.packets_out.add(1);
  of_service.bytes_out.add(frame.length);
  of_backend.packets_out.add(1);
  of_backend.bytes_out.add(frame.length);
  rewrite(packet, listener.vip, view->vip_port, view->client, view->client_port);
  send_to(worker, snapshot, now, frame, route->port, route->next_hop, packet, verdict);
  return true;
}

}  // namespace lb
