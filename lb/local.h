// SPDX-License-Identifier: MIT
// Packets for Cleat itself: ARP and neighbour discovery for VIPs and LIPs, and echo to them. What concerns the port's
// own address belongs to the kernel; Cleat listens in on it, for both use the same neighbours.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// REQUIRES: kArp or kLocal. Gives the verdict: kConsumed, kPunt, kTx (an echo turned round in place) or kDrop.
void handle_local(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                  Verdict& verdict) noexcept;

// True if Cleat answers for its local `address` on `port`: on the port whose network holds it, or on every port when
// none does (a VIP that is routed here).
bool answers_on(const Snapshot& snapshot, const IpAddress& address, PortIndex port) noexcept;

}  // namespace lb
