// SPDX-License-Identifier: MIT
#include "lb/next_hop.h"

namespace lb {

void resolve_and_send(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, PortIndex port,
                      const IpAddress& next_hop, Packet& packet, Verdict& verdict) noexcept {
  MacAddress mac;
  switch (worker.neighbours.resolve(snapshot, worker.macs[port], port, next_hop, now, worker.out, mac)) {
    case Resolution::kKnown:
      worker.hop_of(next_hop) = {now.ms, next_hop, mac, port};
      std::memcpy(frame.data, mac.bytes.data(), 6);
      return;
    case Resolution::kPending:
      verdict.action = Action::kHold;
      verdict.next_hop = next_hop;
      verdict.first_piece_ms = 0;
      return;
    case Resolution::kFailed:
      return worker.drop(packet, verdict, DropReason::kNextHopUnresolved);
    case Resolution::kFull:
      return worker.drop(packet, verdict, DropReason::kNeighbourTableFull);
  }
}

}  // namespace lb
