// SPDX-License-Identifier: MIT
#include "lb/peek_server.h"

#include <algorithm>

#include "lb/affinity.h"
#include "lb/enter_flow.h"
#include "lb/peek_send.h"
#include "lb/peek_speech.h"
#include "lb/seam.h"
#include "lb/syn_options.h"
#include "lb/tcp_options.h"
#include "lb/touch_stream.h"

namespace lb {
namespace {

// The client's packets find the slot from now on. False: the table is full.
bool enter(Worker& worker, const Snapshot& snapshot, Now now, const Peek& peek) {
  Packet flow;
  flow.v4 = peek.client.address.is_v4();
  flow.src = peek.client.address;
  flow.src_port = peek.client.port;
  flow.dst = peek.vip.address;
  flow.dst_port = peek.vip.port;
  flow.protocol = Protocol::kTcp;
  flow.backend = peek.backend;
  flow.slot = peek.slot;
  flow.service = service_of(snapshot, peek.vip);
  if (flow.service == nullptr) return false;
  look_among(worker, flow, peek.listener);
  return enter_flow(worker, now, flow) == Entered::kNew;
}

void take_syn_ack(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, NatSlot& slot,
                  SlotControl control, Peeks::Held held) {
  const TcpHeader& tcp = tcp_of(packet);
  Peek& peek = *held;
  peek.server_next = tcp.sequence.host() + 1;
  peek.server_options = read_syn_options(packet);
  peek.server_window = tcp.window.host();
  peek.tries = 0;
  peek.due_ms = now.ms + kFirstRepeatMs;
  NatSlots::note_answer(slot);
  if (peek.rtmp)
    begin_speech(peek);
  else if (!join(worker, snapshot, now, held, slot, control))
    return;
  give_to_server(worker, snapshot, now, peek);
}

}  // namespace

const Service* service_of(const Snapshot& snapshot, const Endpoint& vip) noexcept {
  const LocalAddress* const local = snapshot.addresses.find(vip.address);
  if (local == nullptr || local->vip == LocalAddress::kNone) return nullptr;
  const uint16_t index = snapshot.service_table.find(local->vip, Protocol::kTcp, vip.port);
  return index == ServiceTable::kNone ? nullptr : &snapshot.services[index];
}

bool join(Worker& worker, const Snapshot& snapshot, Now now, Peeks::Held& held, NatSlot& slot,
          SlotControl control) noexcept {
  Peek& peek = *held;
  const SynOptions& server = peek.server_options;
  Seam seam = seam_of(slot);
  seam.out = peek.own_begin + peek.out_size - peek.server_next;
  if (peek.client_options.scales()) {
    seam.window_out = static_cast<int8_t>((server.scales() ? server.window_scale : 0) - kOwnScale);
    if (!server.scales()) seam.window_in = static_cast<int8_t>(peek.client_options.window_scale);
  }
  seam.settling = true;
  put_seam(slot, seam);
  if (snapshot.listener(peek.listener).whip != 0)
    worker.whip.begin(peek.slot, true, peek.own_begin + peek.out_size, now);
  peek.given = peek.givable();
  peek.phase = PeekPhase::kSettling;
  if (NatSlots::join(slot, control, now.tick()) && enter(worker, snapshot, now, peek)) {
    worker.counters.peeks.joined.add(1);
    if (peek.publishes)
      worker.segment.streams().touch(peek.stream, true, now,
                                     publisher_on(peek.slot, snapshot.listener(peek.listener)));
    return true;
  }
  end_peek(worker, snapshot, now, std::move(held), PeekEnd::kTableFull);
  return false;
}

PeekEnd open_server(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                    const Peeks::Held& held) noexcept {
  Peek& peek = *held;
  Packet flow = packet;
  flow.backend = peek.backend;
  if (!snapshot.backends[peek.backend].routed) return PeekEnd::kNoServer;
  const auto claimed = claim_slot(worker, snapshot, now, flow);
  if (!claimed) return PeekEnd::kNoPort;
  NatSlot& slot = worker.segment.slots().at(*claimed);
  NatSlots::fill(slot, peek.backend, peek.listener, peek.client.address, peek.client.port, peek.vip.port,
                 now.tick());
  put_seam(slot,
           {.publishes = peek.publishes, .asks = peek.asks, .peek = held.index(), .stream = peek.stream});
  NatSlots::open(slot, now.tick(), SlotState::kProbing);
  worker.counters.services[packet.service->id].flows_opened.add(1);
  worker.counters.backends[peek.backend].flows_opened.add(1);
  peek.slot = *claimed;
  peek.generation = SlotControl(slot.control.load(std::memory_order_relaxed)).generation();
  peek.phase = PeekPhase::kConnecting;
  peek.began_ms = now.ms;
  peek.tries = 0;
  peek.due_ms = now.ms + kFirstRepeatMs;
  worker.peeks.keep(held);
  say_syn_to_server(worker, snapshot, now, peek);
  return PeekEnd::kJoined;
}

bool has_slot(Worker& worker, const Peek& peek) noexcept {
  if (peek.phase == PeekPhase::kReading) return false;
  const SlotControl control(worker.segment.slots().at(peek.slot).control.load(std::memory_order_acquire));
  return (is_peeked(control) || is_joined(control)) && control.generation() == peek.generation;
}

void hear_server(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, NatSlot& slot,
                 const SlotView& view, Verdict& verdict) noexcept {
  const Backend& backend = snapshot.backends[view.control.backend()];
  if (packet.src != backend.address || packet.src_port != (backend.port != 0 ? backend.port : view.vip_port))
    return worker.drop(packet, verdict, DropReason::kReplyFromStranger);
  if (packet.piece != Piece::kWhole) return worker.drop(packet, verdict, DropReason::kFragment);
  if (!tcp_checksum_holds(packet)) return worker.drop(packet, verdict, DropReason::kBadTcpChecksum);
  Peeks::Held held = worker.peeks.at(seam_of(slot).peek);
  if (!held || held->slot != packet.slot || held->generation != view.control.generation() ||
      (held->phase != PeekPhase::kConnecting && held->phase != PeekPhase::kSpeaking))
    return worker.drop(packet, verdict, DropReason::kReplyWithoutSlot);
  slot.reply_tick.store(now.tick(), std::memory_order_relaxed);
  worker.consume(packet, verdict);
  constexpr uint8_t kSynAck = tcp_flag::kSyn | tcp_flag::kAck;
  if ((packet.tcp_flags & tcp_flag::kRst) != 0) {
    const TcpHeader& tcp = tcp_of(packet);
    const bool is_meant = held->phase == PeekPhase::kConnecting
                              ? tcp.acknowledgement.host() == held->client_begin
                              : tcp.sequence.host() == held->server_next;
    if (!is_meant) return;
    worker.counters.failures[held->backend].refused.add(1);
    return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kRefused);
  }
  const bool acknowledges = (packet.tcp_flags & tcp_flag::kAck) != 0;
  if (held->phase == PeekPhase::kConnecting && acknowledges &&
      tcp_of(packet).acknowledgement.host() != held->client_begin)
    return refute_server(worker, snapshot, now, *held, tcp_of(packet).acknowledgement.host());
  if (held->phase == PeekPhase::kSpeaking)
    hear_speech(worker, snapshot, now, packet, slot, view.control, std::move(held));
  else if ((packet.tcp_flags & kSynAck) == kSynAck)
    take_syn_ack(worker, snapshot, now, packet, slot, view.control, std::move(held));
}

void end_peek(Worker& worker, const Snapshot& snapshot, Now now, Peeks::Held held, PeekEnd why) noexcept {
  worker.counters.peeks.ends[static_cast<unsigned>(why)].add(1);
  if (why != PeekEnd::kJoined && why != PeekEnd::kClientLeft) reset_client(worker, snapshot, now, *held);
  if (has_slot(worker, *held)) {
    NatSlot& slot = worker.segment.slots().at(held->slot);
    if (why == PeekEnd::kJoined) {
      end_settling(slot);
    } else {
      if (why != PeekEnd::kRefused) reset_server(worker, snapshot, now, *held);
      NatSlots::note_tcp(slot.tcp_forward, slot.tcp_reply, tcp_flag::kRst);
    }
  }
  std::move(held).end();
}

}  // namespace lb
