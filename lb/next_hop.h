// SPDX-License-Identifier: MIT
// Last step of `forward`: the Ethernet header for the next hop.
#pragma once

#include <cstring>

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// As send_to(), of a next hop that was not asked for in this millisecond, when all but the destination MAC is done.
void resolve_and_send(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, PortIndex port,
                      const IpAddress& next_hop, Packet& packet, Verdict& verdict) noexcept;

// Writes source and destination MAC for `next_hop` on `port` and gives the verdict kTx; kHold while the address is
// being asked for; kDrop when nobody answers.
inline void send_to(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, PortIndex port,
                    const IpAddress& next_hop, Packet& packet, Verdict& verdict) noexcept {
  packet.kind = Kind::kDone;
  verdict.port = port;
  verdict.action = Action::kTx;
  std::memcpy(frame.data + 6, worker.macs[port].bytes.data(), 6);
  const Worker::CachedHop& hop = worker.hop_of(next_hop);
  if (hop.ms != now.ms || hop.port != port || hop.address != next_hop) [[unlikely]]
    return resolve_and_send(worker, snapshot, now, frame, port, next_hop, packet, verdict);
  std::memcpy(frame.data, hop.mac.bytes.data(), 6);
}

}  // namespace lb
