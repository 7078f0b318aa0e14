// SPDX-License-Identifier: MIT
#include "lb/forward_fragment.h"

#include "lb/next_hop.h"
#include "lb/pass_on.h"
#include "lb/rewrite.h"

namespace lb {
namespace {

void count(Worker& worker, const FragmentWay& way, const Frame& frame) {
  for (TrafficCounters* traffic :
       {&worker.counters.services[way.service], &worker.counters.backends[way.backend]}) {
    (way.is_reply ? traffic->packets_out : traffic->packets_in).add(1);
    (way.is_reply ? traffic->bytes_out : traffic->bytes_in).add(frame.length);
  }
}

}  // namespace

void forward_fragment(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                      Verdict& verdict, uint64_t since_ms) noexcept {
  Datagram* const datagram = worker.fragments.find(packet, now);
  if (datagram == nullptr) {
    if (since_ms != 0 && now.ms >= since_ms + Fragments::kPatienceMs)
      return worker.drop(packet, verdict, DropReason::kFragmentLost);
    packet.kind = Kind::kDone;
    verdict.action = Action::kHold;
    verdict.port = frame.port;
    verdict.next_hop = {};
    verdict.first_piece_ms = since_ms != 0 ? since_ms : now.ms;
    return;
  }
  if (!Fragments::add(*datagram, packet)) return worker.drop(packet, verdict, DropReason::kFragmentOverlap);
  const FragmentWay& way = datagram->way;
  cut_padding(frame, packet);
  count(worker, way, frame);
  if (is_one_way(way.forward)) {
    packet.backend = way.backend;
    packet.hash = way.hash;
    return pass_on(worker, snapshot, now, frame, packet, way.forward, verdict);
  }
  if (ip_bytes(packet) > worker.mtus[way.route.port])
    return worker.drop(packet, verdict, DropReason::kTooBig);
  rewrite_addresses(packet, way.from, way.to);
  renumber(packet, datagram->new_id);
  send_to(worker, snapshot, now, frame, way.route.port, way.route.next_hop, packet, verdict);
}

const Datagram* note_first_piece(Worker& worker, Now now, Packet& packet, const FragmentWay& way,
                                 Verdict& verdict) noexcept {
  const Datagram* const former = worker.fragments.find(packet, now);
  if (former != nullptr && !former->complete()) {
    worker.drop(packet, verdict, DropReason::kFragmentOverlap);
    return nullptr;
  }
  Datagram& datagram = worker.fragments.begin(packet, now);
  datagram.way = way;
  Fragments::add(datagram, packet);
  return &datagram;
}

}  // namespace lb
