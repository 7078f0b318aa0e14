// SPDX-License-Identifier: MIT
// The server's half of a peek (lb/peek.h): opening the connection, joining the two, and the end of either.
#pragma once

#include "lb/packet.h"
#include "lb/peeks.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Opens a connection to peek's backend. packet  the client's latest
// returns  kJoined: a SYN is on the way; else why not, and nothing changed
PeekEnd open_server(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                    const Peeks::Held& held) noexcept;

// A server's segment on a TCP slot that is probing.
void hear_server(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, NatSlot& slot,
                 const SlotView& view, Verdict& verdict) noexcept;

// Client and server have the same numbers from here on, but for a constant, and packets are passed on.
// control  the slot's, probing
// returns  false: the slot changed meanwhile, or the flow table is full; the peek ended
bool join(Worker& worker, const Snapshot& snapshot, Now now, Peeks::Held& held, NatSlot& slot,
          SlotControl control) noexcept;

// The TCP service of those ends; null: there is none any more.
const Service* service_of(const Snapshot& snapshot, const Endpoint& vip) noexcept;

// The slot is still the one that this peek opened.
bool has_slot(Worker& worker, const Peek& peek) noexcept;

// Resets who there is, counts why, and frees the place.
void end_peek(Worker& worker, const Snapshot& snapshot, Now now, Peeks::Held held, PeekEnd why) noexcept;

}  // namespace lb
