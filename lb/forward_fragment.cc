// SPDX-License-Identifier: MIT
#include "lb/forward_fragment.h"

#include "lb/next_hop.h"
#include "lb/pass_on.h"
#include "lb/rewrite.h"
#include "lb/translate.h"

namespace lb {
namespace {

void count(Worker& worker, const FragmentWay& way, const Frame& frame) {
  for (TrafficCounters* traffic :
       {&worker.counters.services[way.service], &worker.counters.backends[way.backend]}) {
    (way.is_reply ? traffic->packets_out : traffic->packets_in).add(1);
    (way.is_reply ? traffic->bytes_out : traffic->bytes_in).add(frame.length);
  }
}

bool changes_family(const Packet& packet, const IpAddress& source) { return source.is_v4() != packet.v4; }

bool fits(const Worker& worker, const Packet& packet, const FragmentWay& way) {
  const int growth =
      changes_family(packet, way.from) ? translated_growth(way.from.family(), packet.piece) : 0;
  return static_cast<int>(ip_bytes(packet)) + growth <= worker.mtus[way.route.port];
}

bool has_room(const Frame& frame, const Packet& packet, const IpAddress& source) {
  return !changes_family(packet, source) || frame.headroom >= kMostTranslatedGrowth;
}

// ends  of later pieces only the addresses count
void rewrite_piece(Frame& frame, Packet& packet, const Ends& ends, uint32_t new_id) {
  if (changes_family(packet, ends.source)) return translate_piece(frame, packet, ends, new_id);
  if (packet.piece == Piece::kFirst)
    rewrite(packet, ends);
  else
    rewrite_addresses(packet, ends.source, ends.destination);
  renumber(packet, new_id);
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
  if (way.refused) return worker.drop(packet, verdict, DropReason::kFragment);
  if (!fits(worker, packet, way)) return worker.drop(packet, verdict, DropReason::kTooBig);
  if (!has_room(frame, packet, way.from)) return worker.drop(packet, verdict, DropReason::kNoHeadroom);
  rewrite_piece(frame, packet, {way.from, way.to}, datagram->new_id);
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

bool rewrite_first_piece(Worker& worker, Now now, Frame& frame, Packet& packet, const Ends& ends,
                         FragmentWay way, Verdict& verdict) noexcept {
  if (!has_room(frame, packet, ends.source)) {
    worker.drop(packet, verdict, DropReason::kNoHeadroom);
    return false;
  }
  way.refused = changes_family(packet, ends.source) && !is_translatable_piece(packet);
  const Datagram* const datagram = note_first_piece(worker, now, packet, way, verdict);
  if (datagram == nullptr) return false;
  if (way.refused) {
    worker.drop(packet, verdict, DropReason::kFragment);
    return false;
  }
  rewrite_piece(frame, packet, ends, datagram->new_id);
  return true;
}

}  // namespace lb
