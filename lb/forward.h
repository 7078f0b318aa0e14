// SPDX-License-Identifier: MIT
// Fifth stage: rewrite the packet for its way on. nat: both addresses and ports (RFC 3022), dsr: MAC addresses only.
// TTL goes down by one, checksums are updated incrementally (RFC 1624), a UDP checksum of zero stays zero on IPv4.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// A client's packet to its backend. REQUIRES: kClient, backend and slot set. Cuts padding behind the IP packet off.
void forward_client(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                    Verdict& verdict) noexcept;

// A backend's packet to its client. REQUIRES: kReply. Confirms and touches the slot.
void forward_reply(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                   Verdict& verdict) noexcept;

}  // namespace lb
