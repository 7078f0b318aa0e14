// SPDX-License-Identifier: MIT
// The way to a backend in modes in which it sees the client itself: `dsr` changes the MAC addresses, a tunnel puts the packet into
// another one.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// packet   with its backend and, for gue, its hash set; TTL > 1; TCP, UDP or ICMP, whole or a piece. What does not fit into the
//          tunnel is dropped as too_big, and its sender told
// forward  is_one_way()
void pass_on(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet, Forward forward,
             Verdict& verdict) noexcept;

}  // namespace lb
