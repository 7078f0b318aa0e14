// SPDX-License-Identifier: MIT
#include "lb/forward.h"

#include "lb/affinity.h"
#include "lb/ask_owner.h"
#include "lb/forward_fragment.h"
#include "lb/icmp_error.h"
#include "lb/later_request.h"
#include "lb/mss_clamp.h"
#include "lb/next_hop.h"
#include "lb/pass_on.h"
#include "lb/peek_client.h"
#include "lb/peek_server.h"
#include "lb/proxy_header.h"
#include "lb/rewrite.h"
#include "lb/seam.h"
#include "lb/session_bytes.h"
#include "lb/session_reply.h"
#include "lb/silence.h"
#include "lb/splice.h"
#include "lb/srt_call.h"
#include "lb/srt_server.h"
#include "lb/touch_stream.h"
#include "lb/translate.h"
#include "lb/wire.h"

namespace lb {
namespace {

constexpr Family family_of(const Packet& packet) { return packet.v4 ? Family::kIpv4 : Family::kIpv6; }

// Through that port, in the family of `towards`, when it has grown by so much. Otherwise it is dropped, and its sender told.
bool fits(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, PortIndex egress,
          const IpAddress& towards, int growth, Verdict& verdict) {
  const int translated = towards.is_v4() == packet.v4 ? 0 : translated_growth(towards.family(), packet.piece);
  const int mtu = worker.mtus[egress] - translated - growth;
  if (static_cast<int>(ip_bytes(packet)) <= mtu) [[likely]]
    return true;
  tell_too_big(worker, snapshot, now, packet, static_cast<uint16_t>(mtu));
  worker.drop(packet, verdict, DropReason::kTooBig);
  return false;
}

// Whose counters.
struct Whose {
  ServiceId service;
  BackendId backend;
  bool is_reply;
};

// With other ends, in their family.
void send_rewritten(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                    const Ends& ends, const Route& route, const Whose& whose, Verdict& verdict) {
  const bool same_family = ends.source.is_v4() == packet.v4;
  if (same_family && packet.piece == Piece::kWhole) [[likely]] {
    rewrite(packet, ends);
  } else if (packet.piece == Piece::kFirst) {
    const FragmentWay way{Forward::kNat, ends.source,   ends.destination, route,
                          packet.hash,   whose.service, whose.backend,    whose.is_reply};
    if (!rewrite_first_piece(worker, now, frame, packet, ends, way, verdict)) return;
  } else {
    if (frame.headroom < kMostTranslatedGrowth) return worker.drop(packet, verdict, DropReason::kNoHeadroom);
    translate(frame, packet, ends, worker.ip_id);
  }
  send_to(worker, snapshot, now, frame, route.port, route.next_hop, packet, verdict);
}

// The backend's word on a SYN.
void note_handshake(Worker& worker, const Packet& packet, NatSlot& slot, BackendId backend) {
  if ((packet.tcp_flags & tcp_flag::kRst) == 0) return NatSlots::note_answer(slot);
  if ((slot.tcp_reply.load(std::memory_order_relaxed) & slot_flag::kAnswered) == 0)
    worker.counters.failures[backend].refused.add(1);
}

// In modes in which the backend sees the client itself.
void pass_on_client(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                    Verdict& verdict) {
  const Forward forward = packet.service->forward;
  if (packet.piece == Piece::kFirst) {
    FragmentWay way;
    way.forward = forward;
    way.hash = packet.hash;
    way.service = packet.service->id;
    way.backend = packet.backend;
    if (note_first_piece(worker, now, packet, way, verdict) == nullptr) return;
  }
  pass_on(worker, snapshot, now, frame, packet, forward, verdict);
}

// What a spliced flow's segment needs of a slot; false: the packet was dropped.
bool plan_splice(Worker& worker, const Frame& frame, Packet& packet, Splice& splice, Verdict& verdict) {
  if (packet.slot >= worker.segment.slots().size()) return true;
  splice = splice_of(worker.segment.slots().at(packet.slot), packet);
  auto reason = DropReason::kCount;
  if (splice == Splice::kNoAnswerYet) reason = DropReason::kNoFlow;
  if (splice == Splice::kInPieces) reason = DropReason::kFragment;
  if (carries_header(splice) && frame.headroom < proxy_header_bytes(family_of(packet)))
    reason = DropReason::kNoHeadroom;
  if (reason == DropReason::kCount) return true;
  worker.drop(packet, verdict, reason);
  return false;
}

// A client's segment of a connection that is joined to another: null if it is not.
NatSlot* joined_slot(Worker& worker, const Packet& packet) {
  if (!packet.service->has_spliced || packet.slot >= worker.segment.slots().size()) return nullptr;
  NatSlot& slot = worker.segment.slots().at(packet.slot);
  return has_seam(slot) ? &slot : nullptr;
}

// packet  as its sender wrote it. False: it must not go on
bool cross_seam(Worker& worker, const Snapshot& snapshot, Now now, NatSlot& slot, const Packet& packet) {
  const Seam seam = seam_of(slot);
  if (seam.settling && !note_settling(worker, snapshot, now, packet, seam)) [[unlikely]]
    return false;
  if (packet.kind == Kind::kReply) {
    join_reply(seam, packet);
    return true;
  }
  if (seam.asks && !seam.settling && is_for_another_server(worker, snapshot, now, packet, slot)) return false;
  join_client(seam, packet);
  return true;
}

// In a SYN or SYN-ACK, for the way between a client on that port and his backend.
void clamp_between(const Worker& worker, const Packet& packet, PortIndex client_port, Family client,
                   const Backend& backend, uint16_t configured, uint8_t header) {
  const Arm inside{worker.mtus[backend.egress], backend.address.family()};
  clamp_mss(packet, mss_between({worker.mtus[client_port], client}, inside, configured), header);
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
  const bool syn = (packet.tcp_flags & tcp_flag::kSyn) != 0;
  if (is_one_way(packet.service->forward)) {
    // The server's own SYN-ACK does not come by here, but what the client's says limits what the server sends.
    if (syn && packet.service->mss != 0) clamp_mss(packet, packet.service->mss);
    return pass_on_client(worker, snapshot, now, frame, packet, verdict);
  }
  if (backend.unanswered_ms != 0 && packet.protocol == Protocol::kTcp) [[unlikely]]
    if (meet_silence(worker, snapshot, now, packet, verdict)) return;
  Splice splice = Splice::kAsItIs;
  NatSlot* const joined = joined_slot(worker, packet);
  if (packet.service->has_spliced && joined == nullptr &&
      !plan_splice(worker, frame, packet, splice, verdict))
    return;
  const int growth = splice == Splice::kAsItIs ? 0 : growth_of(splice, packet);
  if (!fits(worker, snapshot, now, packet, backend.egress, backend.address, growth, verdict)) return;
  if (syn) [[unlikely]] {
    const auto back = snapshot.routes.find(packet.src);
    clamp_between(worker, packet, back ? back->port : frame.port, family_of(packet), backend,
                  packet.service->mss, 0);
  }
  if (joined != nullptr && !cross_seam(worker, snapshot, now, *joined, packet))
    return worker.consume(packet, verdict);
  if (splice != Splice::kAsItIs) splice_client(worker.segment.slots().at(packet.slot), splice, frame, packet);
  if (packet.service->affinity == Affinity::kIce)
    count_bytes(worker.segment.slots().at(packet.slot).splice_base_or_bytes_in, frame.length);
  const Ends ends{snapshot.lips[NatSlots::lip_of(packet.slot)], backend.address,
                  NatSlots::port_of(packet.slot), backend.port != 0 ? backend.port : packet.dst_port};
  send_rewritten(worker, snapshot, now, frame, packet, ends, {backend.egress, backend.next_hop},
                 {packet.service->id, packet.backend, false}, verdict);
}

void forward_reply(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                   Verdict& verdict) noexcept {
  NatSlot& slot = worker.segment.slots().at(packet.slot);
  auto view = NatSlots::read(slot);
  if (!view) return worker.drop(packet, verdict, DropReason::kReplyWithoutSlot);
  if (packet.protocol == Protocol::kTcp && is_peeked(view->control))
    return hear_server(worker, snapshot, now, packet, slot, *view, verdict);
  if (view->control.state() == SlotState::kProbing && !take_owner(worker, snapshot, now, packet, slot, *view))
    return worker.drop(packet, verdict, DropReason::kReplyFromStranger);
  const SlotControl control = view->control;
  const Backend& backend = snapshot.backends[control.backend()];
  const uint16_t backend_port = backend.port != 0 ? backend.port : view->vip_port;
  if (packet.src != backend.address || packet.src_port != backend_port)
    return worker.drop(packet, verdict, DropReason::kReplyFromStranger);
  if (session_of(slot) != 0) direct_reply(worker, snapshot, now, packet, slot, *view);
  const Listener& listener = snapshot.listener(view->listener);
  if (listener.vip.is_v4() != view->client.is_v4())
    return worker.drop(packet, verdict, DropReason::kFamilyMismatch);
  const auto route = snapshot.routes.find(view->client);
  if (!route) return worker.drop(packet, verdict, DropReason::kNoRoute);
  if (!fits(worker, snapshot, now, packet, route->port, view->client, 0, verdict)) return;

  if (packet.protocol == Protocol::kTcp) {
    NatSlots::note_tcp(slot.tcp_reply, slot.tcp_forward, packet.tcp_flags);
    if (control.state() == SlotState::kEmbryonic) note_handshake(worker, packet, slot, control.backend());
    const bool spliced = is_spliced(slot);
    const Family family = view->client.family();
    if ((packet.tcp_flags & tcp_flag::kSyn) != 0) [[unlikely]]
      clamp_between(worker, packet, route->port, family, backend, listener.mss,
                    spliced ? proxy_header_bytes(family) : uint8_t{0});
    if (spliced) splice_reply(slot, packet, family);
    if (is_joined(control)) {
      note_server_end(worker, listener, packet, slot);
      if (!cross_seam(worker, snapshot, now, slot, packet)) return worker.consume(packet, verdict);
    }
    note_acknowledged(slot, packet);
  } else if (control.state() == SlotState::kEmbryonic) {
    if (!has_srt_call(slot))
      NatSlots::confirm(slot, control, now.tick());
    else if (!hear_srt_server(worker, snapshot, now, packet, slot, *view, verdict))
      return;
  } else if (has_srt_call(slot)) {
    note_srt_shutdown(worker, listener, packet, slot);
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
  if (session_of(slot) != 0) count_bytes(slot.splice_or_bytes_out, frame.length);
  send_rewritten(worker, snapshot, now, frame, packet,
                 {listener.vip, view->client, view->vip_port, view->client_port}, *route,
                 {listener.service, control.backend(), true}, verdict);
}

}  // namespace lb
