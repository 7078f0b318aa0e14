// SPDX-License-Identifier: MIT
// A client of a known SRT connection behind an address that nobody knows yet: each of its packets names the server's socket, so the
// way back can move there, and the server, which takes packets from one address only, does not notice.
//
// The number is all that proves who speaks. So a connection moves only when its client fell silent where it was, which an SRT peer
// that is there does for a second at most (its keep-alives); and wrong numbers are looked up so many times a second only.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Sets hit, backend and slot when the packet may go on, or drops it. REQUIRES: look_among(), and no flow was found
void roam_by_socket(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                    Verdict& verdict) noexcept;

}  // namespace lb
