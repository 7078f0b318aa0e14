// SPDX-License-Identifier: MIT
// The addresses of an ICE session: a new one is attached, the way back moves from one to another.
#pragma once

#include "lb/packet.h"
#include "lb/session_tables.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Gives the session the packet's source as one more address, in the place of its longest silent one if it has to, and leads
// the flow of that address to the session's slot. Not in use: no room in the flow table, or other workers are at it.
TupleFound attach(Worker& worker, Now now, Packet& packet, SessionFound& session, TupleState state,
                  bool nominated) noexcept;

// How long the address that the server's packets go to has been silent, in ticks; kNobody if there is none.
inline constexpr uint16_t kNobody = 0xffff;
uint16_t silence_of_current(const Session& session, SessionControl control, Tick now) noexcept;

// What the server sends goes to this address from now on; the silence before is counted, the kind of move is the caller's to
// count. False: another worker moves it just now.
bool move_to(Worker& worker, Now now, SessionFound& session, unsigned tuple) noexcept;

}  // namespace lb
