// SPDX-License-Identifier: MIT
// TCP flows through `nat` whose backend fell silent: the client is told by a reset, so that it connects to another server now and not
// after its own time-out. A failed check ends no flow: the backend must leave data of the client unacknowledged, or a keep-alive
// unanswered. How long it waits is counted from the first check without an answer on. The number that the client accepts is that of
// its own next segment; a quiet client is asked for one, by a segment that it must answer (RFC 9293 section 3.10.7.4, RFC 5961
// section 3).
#pragma once

#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// A client that waits for data, and sends none, keeps its flow through a cut of at most so long; after it a keep-alive decides.
inline constexpr uint64_t kQuietPatienceMs = 8000;

// Takes note of what the backend acknowledges. packet  TCP, to a LIP, of the slot's backend. cost: a load, a store when it changes
void note_acknowledged(NatSlot& slot, const Packet& packet) noexcept;

// A client's segment to a backend that answers nothing, before it is rewritten; it may become a keep-alive.
// REQUIRES: TCP through `nat`, packet.backend has an unanswered_ms
// returns  true: its flow is reset on both sides, the segment dropped as server_silent
bool meet_silence(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                  Verdict& verdict) noexcept;

// Between bursts, while any backend is unanswered: asks the clients of its flows for a segment, one worker's share in each 250 ms.
// cost  at most 1,024 slots and 16 segments a millisecond
void sweep_silent(Worker& worker, const Snapshot& snapshot, Now now, uint64_t elapsed_ms) noexcept;

}  // namespace lb
