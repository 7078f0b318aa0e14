// SPDX-License-Identifier: MIT
#include "tests/lb/slow_path.h"

#include "lb/affinity.h"
#include "lb/classify.h"
#include "lb/forward.h"
#include "lb/forward_fragment.h"
#include "lb/local.h"
#include "lb/open_flow.h"
#include "lb/parse.h"

namespace lb::test {
namespace {

void recognize(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, Packet& packet,
               Verdict& verdict) {
  PortCounters& port = worker.counters.ports[frame.port];
  port.rx_packets.add(1);
  port.rx_bytes.add(frame.length);
  if (frame.length >= 6 && (frame.data[0] & 1) == 0 &&
      std::memcmp(frame.data, worker.macs[frame.port].bytes.data(), 6) != 0)
    return worker.drop(packet, verdict, DropReason::kOtherStation);
  if (const auto reason = parse(frame, packet)) return worker.drop(packet, verdict, *reason);
  if (packet.kind != Kind::kNone) return classify(worker, snapshot, now, packet, verdict);
  packet.kind = Kind::kDone;
  verdict.action = Action::kPunt;
}

void forward(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
             Verdict& verdict) {
  if (packet.kind == Kind::kClient) {
    forward_client(worker, snapshot, now, frame, packet, verdict);
  } else if (packet.kind == Kind::kReply) {
    forward_reply(worker, snapshot, now, frame, packet, verdict);
  } else if (packet.kind == Kind::kFragment) {
    forward_fragment(worker, snapshot, now, frame, packet, verdict);
  } else if (packet.kind != Kind::kDone) {
    handle_local(worker, snapshot, now, frame, packet, verdict);
  }
}

}  // namespace

void process_slowly(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst, StageClock*) noexcept {
  worker.slots.follow(snapshot);
  for (unsigned i = 0; i < burst.count; ++i) {
    burst.verdicts[i] = {};
    burst.packets[i] = {};
    recognize(worker, snapshot, now, burst.frames[i], burst.packets[i], burst.verdicts[i]);
  }
  for (unsigned i = 0; i < burst.count; ++i) {
    Packet& packet = burst.packets[i];
    if (packet.kind != Kind::kClient) continue;
    find_flow(worker, snapshot, now, packet);
    if (!packet.hit) open_flow(worker, snapshot, now, packet, burst.verdicts[i]);
  }
  for (unsigned i = 0; i < burst.count; ++i) {
    forward(worker, snapshot, now, burst.frames[i], burst.packets[i], burst.verdicts[i]);
    if (burst.verdicts[i].action == Action::kHold) worker.counters.held.add(1);
    if (burst.verdicts[i].action == Action::kPunt) worker.counters.ports[burst.frames[i].port].punted.add(1);
  }
}

}  // namespace lb::test
