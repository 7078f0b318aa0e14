// SPDX-License-Identifier: MIT
// Pieces of a datagram: later ones go where its first piece went; those that come before it wait.
#pragma once

#include "lb/fragments.h"
#include "lb/frame.h"
#include "lb/rewrite.h"
#include "lb/snapshot.h"
#include "lb/worker.h"

namespace lb {

// REQUIRES: kFragment. kHold with Verdict::first_piece_ms set while the first piece has not come, Fragments::kPatienceMs at most
// since: when it began to wait, 0 if it does not yet
void forward_fragment(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                      Verdict& verdict, uint64_t since_ms = 0) noexcept;

// What a first piece leaves for the others, before anything of it is changed. Null, and it is dropped: its datagram has begun already.
const Datagram* note_first_piece(Worker& worker, Now now, Packet& packet, const FragmentWay& way,
                                 Verdict& verdict) noexcept;

// Gives a first piece in `nat` its new ends, of either family, and its datagram's new number, and leaves for the others where it went.
// False, and it is dropped: its datagram has begun already, the frame has no room for the other family's headers, or IPv6 needs a
// checksum that it lacks; then the others are dropped when they come.
// way       with the addresses of `ends`
// REQUIRES: packet.piece is kFirst; frame ends with its IP packet
bool rewrite_first_piece(Worker& worker, Now now, Frame& frame, Packet& packet, const Ends& ends,
                         FragmentWay way, Verdict& verdict) noexcept;

}  // namespace lb
