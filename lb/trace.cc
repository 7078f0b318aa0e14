// SPDX-License-Identifier: MIT
#include "lb/trace.h"

#include <algorithm>

#include "lb/parse.h"
#include "lb/trace_ring.h"
#include "lb/wire.h"

namespace lb {
namespace {

bool has_ports(const Packet& packet) {
  return packet.l4 != nullptr && (packet.protocol == Protocol::kTcp || packet.protocol == Protocol::kUdp);
}

TraceEnds ends_of(const Packet& packet) {
  TraceEnds ends;
  ends.known = !packet.src.is_unset() || !packet.dst.is_unset();
  if (!ends.known) return ends;
  ends.source = packet.src;
  ends.destination = packet.dst;
  ends.source_port = packet.src_port;
  ends.destination_port = packet.dst_port;
  ends.protocol = static_cast<uint8_t>(packet.protocol);
  return ends;
}

TraceEnds ends_of(const Frame& frame) {
  Packet packet;
  return parse(frame, packet) ? TraceEnds{} : ends_of(packet);
}

uint16_t ether_type_of(const Frame& frame) {
  return frame.length < sizeof(EthernetHeader)
             ? uint16_t{0}
             : reinterpret_cast<const EthernetHeader*>(frame.data)->type.host();
}

uint16_t keep(std::array<uint8_t, TraceRecord::kMaxBytes>& into, const uint8_t* bytes, unsigned length,
              unsigned snaplen) {
  const unsigned kept = std::min({length, snaplen, TraceRecord::kMaxBytes});
  std::copy_n(bytes, kept, into.begin());
  return static_cast<uint16_t>(kept);
}

void begin(TraceRecord& record, Now now) {
  record.ms = now.ms;
  record.before = record.after = {};
  record.client = record.vip = record.backend = {};
  record.service = kServiceGone;
  record.ether_type = record.length_in = record.length_out = record.kept_in = record.kept_out = 0;
  record.port_in = record.port_out = 0;
  record.action = Action::kUndecided;
  record.reason = DropReason::kCount;
  record.way = TraceWay::kUnknown;
  record.by = TraceBy::kNothing;
  record.rung = Rung::kCount;
  record.tcp_flags = 0;
  record.answered = false;
}

void put_service(const Snapshot& snapshot, uint16_t vip, const Packet& packet, TraceRecord& record) {
  const uint16_t index = snapshot.service_table.find(vip, packet.protocol, packet.dst_port);
  if (index != ServiceTable::kNone) record.service = snapshot.services[index].id;
}

void put_slot(Worker& worker, const Snapshot& snapshot, LipIndex lip, Protocol protocol, uint16_t port,
              TraceRecord& record) {
  if (port < kFirstLocalPort) return;
  const auto view = NatSlots::read(worker.segment.slots().at(NatSlots::index(lip, protocol, port)));
  if (!view) return;
  const Listener& listener = snapshot.listener(view->listener);
  record.client = {view->client, view->client_port};
  record.vip = {listener.vip, view->vip_port};
  record.service = listener.service;
}

// Who the two sides are, by the address of Cleat's that the packet has.
void put_sides(Worker& worker, const Snapshot& snapshot, const Packet& packet, TraceRecord& record) {
  const Endpoint source{packet.src, packet.src_port}, destination{packet.dst, packet.dst_port};
  if (const LocalAddress* to = snapshot.addresses.find(packet.dst)) {
    record.way = to->vip != LocalAddress::kNone ? TraceWay::kIn : TraceWay::kOut;
    if (record.way == TraceWay::kIn) {
      record.client = source;
      record.vip = destination;
      if (packet.service != nullptr)
        record.service = packet.service->id;
      else if (has_ports(packet))
        put_service(snapshot, to->vip, packet, record);
    } else {
      record.backend = source;
      if (has_ports(packet)) put_slot(worker, snapshot, to->lip, packet.protocol, packet.dst_port, record);
    }
  } else if (const LocalAddress* from = snapshot.addresses.find(packet.src)) {
    record.way = from->vip != LocalAddress::kNone ? TraceWay::kOut : TraceWay::kIn;
    if (record.way == TraceWay::kOut) {
      record.client = destination;
      record.vip = source;
      Packet turned = packet;
      turned.dst_port = packet.src_port;
      if (has_ports(packet)) put_service(snapshot, from->vip, turned, record);
    } else {
      record.backend = destination;
      if (has_ports(packet)) put_slot(worker, snapshot, from->lip, packet.protocol, packet.src_port, record);
    }
  }
}

// True once a client's packet had a backend, whatever became of it then.
bool has_backend(const Packet& packet, const Verdict& verdict) {
  if (packet.hit || verdict.action == Action::kTx || verdict.action == Action::kHold) return true;
  switch (verdict.reason) {
    case DropReason::kNoRoute:
    case DropReason::kTooBig:
    case DropReason::kNoHeadroom:
    case DropReason::kFamilyMismatch:
    case DropReason::kFragment:
    case DropReason::kFragmentOverlap:
    case DropReason::kNextHopUnresolved:
    case DropReason::kNeighbourTableFull:
      return true;
    default:
      return false;
  }
}

// The rung of the session that the packet belongs to. False: it belongs to none.
bool put_session(Worker& worker, const Packet& packet, TraceRecord& record) {
  if (!is_slot(packet.slot) || packet.slot >= worker.segment.slots().size()) return false;
  const uint32_t number = session_of(worker.segment.slots().at(packet.slot));
  SessionTables& tables = worker.segment.sessions();
  if (number == 0 || number > tables.sessions.count()) return false;
  const auto control = Sessions::read(tables.sessions.at(number - 1));
  if (!control || control->slot() != packet.slot) return false;
  const bool attached = static_cast<bool>(
      tables.tuple_on(packet.slot, number - 1, packet.src, packet.src_port, packet.listener));
  record.by = attached ? TraceBy::kSession : TraceBy::kBridge;
  record.rung = control->rung();
  return true;
}

void put_backend(Worker& worker, const Snapshot& snapshot, const Packet& packet, const Verdict& verdict,
                 TraceRecord& record) {
  if (packet.service == nullptr || !has_ports(packet) || !has_backend(packet, verdict)) return;
  const Backend& backend = snapshot.backends[packet.backend];
  record.backend = {backend.address, backend.port != 0 ? backend.port : packet.dst_port};
  const Affinity affinity = packet.service->affinity;
  if (affinity == Affinity::kIce && put_session(worker, packet, record)) return;
  if (has_connection_ids(affinity) && packet.named == packet.backend)
    record.by = TraceBy::kConnectionId;
  else if (packet.hit)
    record.by = TraceBy::kFlow;
  else
    record.by = affinity == Affinity::kSourceIp ? TraceBy::kClient : TraceBy::kPick;
}

// A later piece has no ports to find its flow by: where it went says whose it is.
void put_other_side(TraceRecord& record) {
  if (!record.after.known) return;
  if (record.way == TraceWay::kIn) record.backend = {record.after.destination, 0};
  if (record.way == TraceWay::kOut) record.client = {record.after.destination, 0};
}

void put_sent(const Frame& frame, const Verdict& verdict, TraceRecord& record) {
  const bool complete =
      verdict.action == Action::kTx || (verdict.action == Action::kHold && verdict.first_piece_ms == 0);
  if (!complete) return;
  record.after = ends_of(frame);
  record.port_out = verdict.port;
  if (verdict.action == Action::kTx) record.length_out = frame.length;
}

bool is_answer(const TraceRecord& record) {
  return record.action == Action::kTx && record.after.known &&
         record.after.destination == record.before.source && record.after.source == record.before.destination;
}

// The answer of matches() for most packets of other clients and services, before anything is written down.
bool is_surely_another(const Trace& trace, const Packet& packet, const Verdict& verdict) {
  const TraceFilter& filter = trace.filter;
  if ((filter.drops_only || filter.reason) && verdict.action != Action::kDrop) return true;
  if (packet.service == nullptr || !has_ports(packet)) return false;
  return (filter.client && *filter.client != packet.src) ||
         (trace.service && *trace.service != packet.service->id);
}

}  // namespace

std::string_view trace_by_name(TraceBy by) noexcept {
  static constexpr std::array<std::string_view, static_cast<size_t>(TraceBy::kCount)> kNames = {
      "", "flow", "pick", "client", "connection_id", "session", "bridge"};
  return by < TraceBy::kCount ? kNames[static_cast<size_t>(by)] : "";
}

void trace_arrivals(Worker& worker, const Snapshot& snapshot, Burst& burst) noexcept {
  TraceRing::Arrived& arrived = snapshot.trace->rings->of(worker.index).arrived();
  for (unsigned i = 0; i < burst.count; ++i) {
    const Frame& frame = burst.frames[i];
    arrived.length[i] = frame.length;
    keep(arrived.bytes[i], frame.data, frame.length,
         std::max<unsigned>(snapshot.trace->filter.snaplen, sizeof(EthernetHeader)));
    burst.packets[i] = {};
  }
}

void trace_burst(Worker& worker, const Snapshot& snapshot, Now now, const Burst& burst) noexcept {
  const Trace& trace = *snapshot.trace;
  TraceRing& ring = trace.rings->of(worker.index);
  const TraceRing::Arrived& arrived = ring.arrived();
  for (unsigned i = 0; i < burst.count; ++i) {
    const Packet& packet = burst.packets[i];
    const Verdict& verdict = burst.verdicts[i];
    if (is_surely_another(trace, packet, verdict)) continue;
    TraceRecord& record = ring.next();
    begin(record, now);
    record.before = ends_of(packet);
    record.tcp_flags = packet.tcp_flags;
    record.port_in = burst.frames[i].port;
    record.length_in = arrived.length[i];
    record.action = verdict.action;
    record.reason = verdict.reason;
    if (record.before.known) put_sides(worker, snapshot, packet, record);
    put_backend(worker, snapshot, packet, verdict, record);
    if (packet.piece == Piece::kLater) {
      put_sent(burst.frames[i], verdict, record);
      put_other_side(record);
    }
    if (!matches(trace, record)) continue;
    put_sent(burst.frames[i], verdict, record);
    record.answered = is_answer(record);
    if (arrived.length[i] >= sizeof(EthernetHeader))
      record.ether_type = static_cast<uint16_t>(arrived.bytes[i][12] << 8 | arrived.bytes[i][13]);
    record.kept_in = keep(record.in, arrived.bytes[i].data(), arrived.length[i], trace.filter.snaplen);
    if (record.length_out != 0)
      record.kept_out = keep(record.out, burst.frames[i].data, burst.frames[i].length, trace.filter.snaplen);
    ring.commit();
  }
}

void trace_late(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, const Verdict& verdict,
                Late late) noexcept {
  const Trace& trace = *snapshot.trace;
  TraceRing& ring = trace.rings->of(worker.index);
  TraceRecord& record = ring.next();
  begin(record, now);
  record.action = verdict.action;
  record.reason = verdict.reason;
  record.ether_type = ether_type_of(frame);
  const bool came = late == Late::kAsItCame;
  if (Packet packet; !parse(frame, packet)) {
    (came ? record.before : record.after) = ends_of(packet);
    record.tcp_flags = packet.tcp_flags;
    if (!packet.src.is_unset() || !packet.dst.is_unset()) put_sides(worker, snapshot, packet, record);
  }
  (came ? record.port_in : record.port_out) = frame.port;
  (came ? record.length_in : record.length_out) = frame.length;
  if (!matches(trace, record)) return;
  (came ? record.kept_in : record.kept_out) =
      keep(came ? record.in : record.out, frame.data, frame.length, trace.filter.snaplen);
  ring.commit();
}

}  // namespace lb
