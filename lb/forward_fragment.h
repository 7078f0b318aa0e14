// SPDX-License-Identifier: MIT
// Later pieces of a datagram go where its first piece went; those that come before it wait.
#pragma once

#include "lb/fragments.h"
#include "lb/frame.h"
#include "lb/snapshot.h"
#include "lb/worker.h"

namespace lb {

// REQUIRES: kFragment. kHold with Verdict::first_piece_ms set while the first piece has not come, Fragments::kPatienceMs at most
// since: when it began to wait, 0 if it does not yet
void forward_fragment(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                      Verdict& verdict, uint64_t since_ms = 0) noexcept;

// What a first piece leaves for the others, before it is rewritten. Null, and it is dropped: its datagram has begun already.
const Datagram* note_first_piece(Worker& worker, Now now, Packet& packet, const FragmentWay& way,
                                 Verdict& verdict) noexcept;

}  // namespace lb
