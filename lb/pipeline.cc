// SPDX-License-Identifier: MIT
#include "lb/pipeline.h"

#include "lb/affinity.h"
#include "lb/cid_affinity.h"
#include "lb/classify.h"
#include "lb/forward.h"
#include "lb/forward_fragment.h"
#include "lb/ice_affinity.h"
#include "lb/local.h"
#include "lb/next_hop.h"
#include "lb/open_flow.h"
#include "lb/open_session.h"
#include "lb/parse.h"
#include "lb/trace.h"

namespace lb {
namespace {

// Ports are promiscuous where they must be; a switch that floods must not make several balancers forward one frame.
bool is_for_another_station(const Worker& worker, const Frame& frame) {
  return frame.length >= 6 && (frame.data[0] & 1) == 0 &&
         std::memcmp(frame.data, worker.macs[frame.port].bytes.data(), 6) != 0;
}

void parse_burst(Worker& worker, Burst& burst) {
  for (unsigned i = 0; i < burst.count; ++i) {
    const Frame& frame = burst.frames[i];
    Packet& packet = burst.packets[i];
    Verdict& verdict = burst.verdicts[i];
    verdict = {};
    PortCounters& port = worker.counters.ports[frame.port];
    port.rx_packets.add(1);
    port.rx_bytes.add(frame.length);
    if (is_for_another_station(worker, frame)) {
      worker.drop(packet, verdict, DropReason::kOtherStation);
    } else if (const auto reason = parse(frame, packet)) {
      worker.drop(packet, verdict, *reason);
    } else if (packet.kind == Kind::kNone) {
      packet.kind = Kind::kDone;
      verdict.action = Action::kPunt;
    }
  }
}

void classify_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) {
  for (unsigned i = 0; i < burst.count; ++i)
    if (burst.packets[i].kind != Kind::kDone)
      classify(worker, snapshot, now, burst.packets[i], burst.verdicts[i]);
}

void find(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) {
  const Affinity affinity = packet.service->affinity;
  if (has_connection_ids(affinity))
    find_by_cid(worker, snapshot, now, packet, verdict);
  else if (affinity == Affinity::kIce)
    find_by_ice(worker, snapshot, now, packet, verdict);
  else
    find_flow(worker, snapshot, now, packet);
}

unsigned affinity_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) {
  unsigned misses = 0, clients = 0;
  for (unsigned i = 0; i < burst.count; ++i) {
    if (burst.packets[i].kind != Kind::kClient) continue;
    if (has_connection_ids(burst.packets[i].service->affinity)) read_cid(worker, snapshot, burst.packets[i]);
    find(worker, snapshot, now, burst.packets[i], burst.verdicts[i]);
    ++clients;
    misses += burst.packets[i].hit ? 0 : 1;
  }
  worker.counters.flow_hits.add(clients - misses);
  worker.counters.flow_misses.add(misses);
  return misses;
}

void pick_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) {
  bool opened = false;
  for (unsigned i = 0; i < burst.count; ++i) {
    Packet& packet = burst.packets[i];
    if (packet.kind != Kind::kClient || packet.hit) continue;
    // A packet before this one may have opened the same flow.
    if (opened) find(worker, snapshot, now, packet, burst.verdicts[i]);
    if (packet.kind != Kind::kClient || packet.hit) continue;
    const auto open = packet.service->affinity == Affinity::kIce ? open_session : open_flow;
    open(worker, snapshot, now, packet, burst.verdicts[i]);
    opened = true;
  }
}

// A piece that waited for its first one and was dropped before it was rewritten.
Late late_look(const Verdict& held, const Verdict& verdict) {
  const bool untouched =
      held.first_piece_ms != 0 && verdict.action == Action::kDrop &&
      (verdict.reason == DropReason::kFragmentLost || verdict.reason == DropReason::kFragmentOverlap ||
       verdict.reason == DropReason::kTooBig);
  return untouched ? Late::kAsItCame : Late::kAsItLeaves;
}

void forward_burst(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) {
  for (unsigned i = 0; i < burst.count; ++i) {
    Frame& frame = burst.frames[i];
    Packet& packet = burst.packets[i];
    Verdict& verdict = burst.verdicts[i];
    switch (packet.kind) {
      case Kind::kClient:
        forward_client(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kReply:
        forward_reply(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kFragment:
        forward_fragment(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kArp:
      case Kind::kLocal:
        handle_local(worker, snapshot, now, frame, packet, verdict);
        break;
      case Kind::kNone:
      case Kind::kIp:
      case Kind::kDone:
        break;
    }
    if (verdict.action == Action::kHold) worker.counters.held.add(1);
    if (verdict.action == Action::kPunt) worker.counters.ports[frame.port].punted.add(1);
  }
}

}  // namespace

void process(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) noexcept {
  const bool traced = snapshot.trace.has_value();
  if (traced) [[unlikely]]
    trace_arrivals(worker, snapshot, burst);
  worker.slots.follow(snapshot);
  parse_burst(worker, burst);
  classify_burst(worker, snapshot, now, burst);
  if (affinity_burst(worker, snapshot, now, burst) > 0) pick_burst(worker, snapshot, now, burst);
  forward_burst(worker, snapshot, now, burst);
  if (traced) [[unlikely]]
    trace_burst(worker, snapshot, now, burst);
}

Verdict resume(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame,
               const Verdict& held) noexcept {
  Packet packet;
  Verdict verdict;
  if (held.first_piece_ms == 0) {
    send_to(worker, snapshot, now, frame, held.port, held.next_hop, packet, verdict);
  } else if (const auto reason = parse(frame, packet)) {
    worker.drop(packet, verdict, *reason);  // never: it was parsed before
  } else {
    forward_fragment(worker, snapshot, now, frame, packet, verdict, held.first_piece_ms);
  }
  if (snapshot.trace && verdict.action != Action::kHold) [[unlikely]]
    trace_late(worker, snapshot, now, frame, verdict, late_look(held, verdict));
  return verdict;
}

}  // namespace lb
