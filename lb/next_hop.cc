// SPDX-License-Identifier: MIT
#include "lb/next_hop.h"

namespace lb {

void send_to(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, PortIndex port,
             const IpAddress& next_hop, Packet& packet, Verdict& verdict) noexcept {
  packet.kind = Kind::kDone;
  verdict.port = port;
  verdict.action = Action::kTx;
  std::memcpy(frame.data + 6, worker.macs[port].bytes.data(), 6);

  Worker::CachedHop& hop = worker.hops[(next_hop.low() >> 56 ^ next_hop.low() >> 40) % Worker::kCachedHops];
  if (hop.ms == now.ms && hop.port == port && hop.address == next_hop) {
    std::memcpy(frame.data, hop.mac.bytes.data(), 6);
    return;
  }
  MacAddress mac;
  switch (worker.neighbours.resolve(snapshot, worker.macs[port], port, next_hop, now, worker.out, mac)) {
    case Resolution::kKnown:
      hop = {now.ms, next_hop, mac, port};
      std::memcpy(frame.data, mac.bytes.data(), 6);
      return;
    case Resolution::kPending:
      verdict.action = Action::kHold;
      verdict.next_hop = next_hop;
      return;
    case Resolution::kFailed:
      return worker.drop(packet, verdict, DropReason::kNextHopUnresolved);
    case Resolution::kFull:
      return worker.drop(packet, verdict, DropReason::kNeighbourTableFull);
  }
}

}  // namespace lb
