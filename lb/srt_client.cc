// SPDX-License-Identifier: MIT
#include "lb/srt_client.h"

#include "lb/affinity.h"
#include "lb/emit.h"
#include "lb/enter_flow.h"
#include "lb/pipeline.h"
#include "lb/place_stream.h"
#include "lb/srt_call.h"
#include "lb/srt_cookie.h"
#include "lb/srt_handshake.h"
#include "lb/srt_roam.h"
#include "lb/srt_stream_id.h"
#include "lb/touch_stream.h"
#include "lb/udp_payload.h"

namespace lb {
namespace {

class Caller {
 public:
  Caller(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
         const SrtHandshake& said)
      : worker_(worker),
        snapshot_(snapshot),
        now_(now),
        packet_(packet),
        verdict_(verdict),
        said_(said),
        client_{packet.src, packet.src_port},
        vip_{packet.dst, packet.dst_port} {}

  void run() {
    switch (said_.type) {
      case SrtHandshakeType::kInduction:
        return answer();
      case SrtHandshakeType::kConclusion:
        return conclude();
      case SrtHandshakeType::kWaveahand:
      case SrtHandshakeType::kAgreement:
      case SrtHandshakeType::kDone:
        return drop(DropReason::kSrtRendezvous);
    }
    drop(DropReason::kBadSrt);
  }

 private:
  void drop(DropReason reason) { worker_.drop(packet_, verdict_, reason); }
  [[nodiscard]] NatSlot& slot() const { return worker_.segment.slots().at(packet_.slot); }

  // As long as the question: it is of no use to who forges addresses.
  void answer() {
    const uint32_t cookie = srt_cookie(worker_.challenge_key, client_, vip_, said_.socket_id, now_);
    const auto timestamp_us = static_cast<uint32_t>(now_.ms * 1000);
    if (emit_udp(worker_, snapshot_, now_, vip_, client_,
                 build_srt_handshake(answer_srt_induction(said_, cookie, timestamp_us))))
      worker_.counters.srt.inductions.add(1);
    worker_.consume(packet_, verdict_);
  }

  void conclude() {
    if (!is_srt_cookie(worker_.challenge_key, client_, vip_, said_.socket_id, said_.cookie, now_))
      return drop(DropReason::kSrtCookie);
    if (!packet_.hit || !is_srt_caller(slot(), said_.socket_id)) return begin();
    const SrtCall call = srt_call_of(slot());
    if (call.answered) return replace_srt_cookie(packet_, srt_server_cookie(slot()));
    if (!snapshot_.backends[packet_.backend].takes_new) return begin();
    ask_server();
  }

  // Another caller than before from this address, if there was one, or the same one for another server.
  void begin() {
    const VhostList& vhosts = snapshot_.stream_rules[packet_.service->stream_rules].vhosts();
    const StreamAsk ask = read_srt_ask(said_.stream_id.view(), vhosts);
    const auto placed = place_stream(worker_, snapshot_, now_, packet_, ask);
    if (!placed) return drop(DropReason::kNoBackend);
    if (!snapshot_.backends[placed->backend].routed) return drop(DropReason::kNoRoute);
    const bool publishes = ask.role == StreamRole::kPublish;
    if (packet_.hit && packet_.backend == placed->backend) {
      leave_stream(worker_, snapshot_, packet_.slot,
                   SlotControl(slot().control.load(std::memory_order_acquire)));
      begin_srt_call(slot(), said_.socket_id, placed->stream, publishes);
      NatSlots::begin_again(slot(), now_.tick());
    } else if (!open(*placed, publishes)) {
      return;
    }
    ask_server();
  }

  // False: the packet has its verdict.
  bool open(const Placed& placed, bool publishes) {
    packet_.backend = placed.backend;
    const auto claimed = claim_slot(worker_, snapshot_, now_, packet_);
    if (!claimed) {
      drop(DropReason::kLipPortsExhausted);
      return false;
    }
    packet_.slot = *claimed;
    NatSlots::fill(slot(), placed.backend, packet_.listener, packet_.src, packet_.src_port, packet_.dst_port,
                   now_.tick());
    begin_srt_call(slot(), said_.socket_id, placed.stream, publishes);
    // A flow to another server is left to its end.
    if (!take_flow(worker_, now_, packet_)) {
      worker_.slots.unclaim(*claimed, snapshot_.backends[placed.backend].address.family(), Protocol::kUdp);
      drop(DropReason::kTableFull);
      return false;
    }
    NatSlots::open(slot(), now_.tick());
    worker_.counters.services[packet_.service->id].flows_opened.add(1);
    worker_.counters.backends[placed.backend].flows_opened.add(1);
    return true;
  }

  // For a cookie of its own, without which it takes no CONCLUSION.
  void ask_server() {
    const Backend& backend = snapshot_.backends[packet_.backend];
    const Endpoint lip{snapshot_.lips[NatSlots::lip_of(packet_.slot)], NatSlots::port_of(packet_.slot)};
    const Endpoint server{backend.address, backend.port != 0 ? backend.port : packet_.dst_port};
    if (emit_udp(worker_, snapshot_, now_, lip, server,
                 build_srt_handshake(srt_induction_before(said_, backend.address))))
      worker_.counters.srt.asked.add(1);
    packet_.hit = false;
    worker_.consume(packet_, verdict_);
  }

  Worker& worker_;
  const Snapshot& snapshot_;
  const Now now_;
  Packet& packet_;
  Verdict& verdict_;
  const SrtHandshake& said_;
  const Endpoint client_, vip_;
};

// Of the connection that is there, and not of one that was there before.
void note_shutdown(Worker& worker, const Packet& packet) {
  NatSlot& slot = worker.segment.slots().at(packet.slot);
  const auto* header = reinterpret_cast<const SrtHeader*>(udp_payload(packet).data());
  if (srt_server_socket(slot) == header->destination.host()) end_srt_call(slot);
}

}  // namespace

void meet_srt_edges(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) noexcept {
  for (unsigned i = 0; i < burst.count; ++i) {
    Packet& packet = burst.packets[i];
    if (packet.kind != Kind::kClient || packet.service->affinity != Affinity::kSrt || !is_srt_edge(packet))
      continue;
    find_flow(worker, snapshot, now, packet);
    meet_srt_client(worker, snapshot, now, packet, burst.verdicts[i]);
  }
}

void meet_srt_client(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                     Verdict& verdict) noexcept {
  // A flow from before the service read SRT stays what it is.
  const NatSlots& slots = worker.segment.slots();
  if (packet.hit && (packet.slot >= slots.size() || !has_srt_call(slots.at(packet.slot)))) return;
  const auto payload = udp_payload(packet);
  const auto* header = reinterpret_cast<const SrtHeader*>(payload.data());
  const bool has_header = payload.size() >= sizeof(SrtHeader);
  const bool is_first = has_header && header->destination.raw == 0;
  if (packet.hit && !is_first) {
    if (has_header && header->packet_type.host() == kSrtShutdown) note_shutdown(worker, packet);
    return;
  }
  if (!is_first) return roam_by_socket(worker, snapshot, now, packet, verdict);
  if (packet.piece != Piece::kWhole) return worker.drop(packet, verdict, DropReason::kFragment);
  const auto said = parse_srt_handshake(payload);
  if (!said || !udp_checksum_holds(packet)) return worker.drop(packet, verdict, DropReason::kBadSrt);
  Caller(worker, snapshot, now, packet, verdict, *said).run();
}

}  // namespace lb
