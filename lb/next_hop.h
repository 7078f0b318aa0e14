// SPDX-License-Identifier: MIT
// Last step of `forward`: the Ethernet header for the next hop.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Writes source and destination MAC for `next_hop` on `port` and gives the verdict kTx; kHold while the address is
// being asked for; kDrop when nobody answers.
void send_to(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, PortIndex port,
             const IpAddress& next_hop, Packet& packet, Verdict& verdict) noexcept;

}  // namespace lb
