// SPDX-License-Identifier: MIT
// To whom of a session's addresses a reply goes: the answer to a check to where the check came from, all else to the current
// one (RFC 8445 section 7.3: an answer from or to another address fails the check).
#pragma once

#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// REQUIRES: packet is a UDP reply to `slot`, whose session is not 0; view as just read from it
// Corrects view.client and view.client_port. Where the servers check integrity, a success answer also proves the address.
// cost  media: a byte. An answer: the parse and two lines of the session
void direct_reply(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                  const NatSlot& slot, SlotView& view) noexcept;

}  // namespace lb
