// SPDX-License-Identifier: MIT
// Fifth stage: the packet's way on. nat: both addresses and ports are rewritten (RFC 3022; lb/rewrite.h,
// between families lb/translate.h); dsr and tunnels: it goes
// on as it is (lb/pass_on.h). TTL goes down by one. What the egress port does not take is dropped, and its sender told.
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
