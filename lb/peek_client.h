// SPDX-License-Identifier: MIT
// The client's half of a peek (lb/peek.h): the handshake, what it asks for, and the way to its server.
#pragma once

#include "lb/packet.h"
#include "lb/seam.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// A client's segment that belongs to no flow, to a service with `affinity: stream`.
// REQUIRES: look_among()
// cost  a SYN: a cookie and a frame. A client's first bytes: a pass over all that it said so far
void meet_client(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                 Verdict& verdict) noexcept;

// Of a flow that is joined and settles: what either side says of what Cleat sent it.
// packet   as its sender wrote it, TCP, not a later piece
// returns  false: the client repeats what the server gets from Cleat in other words; it must not go on
bool note_settling(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                   const Seam& seam) noexcept;

// Between bursts: repeats what is not acknowledged, and ends what takes too long. One worker's share.
void sweep_peeks(Worker& worker, const Snapshot& snapshot, Now now, uint64_t elapsed_ms) noexcept;

}  // namespace lb
