// SPDX-License-Identifier: MIT
// Rung 4 of the ICE ladder: a check whose session nobody knows is sent to every server of the pool, from one LIP and port, and
// the session is the server's that answers it with success. For servers that are silent to a USERNAME they do not know, as
// SRS is. The slot is kProbing meanwhile.
#pragma once

#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/session_tables.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Whether this check could be asked about: in nat, of several servers and not too many, and it fits a frame of Cleat's own.
bool can_ask(const Snapshot& snapshot, const Packet& packet) noexcept;

// Whether the budgets allow it now. When many are asked about, a USERNAME must have come before: a flood of forged ones
// seldom comes twice.
// name  the USERNAME
bool may_ask(Worker& worker, Now now, const Packet& packet, std::string_view name) noexcept;

// Sends the check to every server of the pool but packet.backend, to which it goes itself; at doubling intervals, from 100 ms
// on, while the session's slot is probing. packet.slot is set
void ask_others(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                Session& session) noexcept;

// A reply on a probing slot. True if it is the owner's: slot, session and flows are its own from now on, and view says so.
bool take_owner(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, NatSlot& slot,
                SlotView& view) noexcept;

}  // namespace lb
