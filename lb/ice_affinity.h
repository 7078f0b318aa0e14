// SPDX-License-Identifier: MIT
// Third stage for `affinity: ice`: a connectivity check (RFC 8445 section 7) belongs to the session that its USERNAME names,
// from whatever address it comes; everything else belongs to the session whose client has that address.
//
// Attach and move are different things. A check from a new address attaches it: what comes from there goes to the session's
// server, by the session's own LIP and port, and the answers to its checks go back there. What else the server sends goes
// to one address, the current one, and changes over only when the client proved to be there: by its answer to a challenge
// (lb/challenge.h), if its ice-pwd is known; by a check that is signed with the server's, if only that is known, and then who saw
// one can send it again; else not before the former address has fallen silent.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// REQUIRES: look_among(); packet.service's affinity is kIce
// On return hit says whether backend and slot are set; if not, open_session() shall open the session (or the packet was
// dropped). Moves sessions.
// cost  media: find_flow()'s. A check: the parse, a look-up by name, one by tuple; an HMAC-SHA1 when it would change something
void find_by_ice(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                 Verdict& verdict) noexcept;

// Notes that a packet came from an address of the session on `slot`. False if the session does not have that address, or
// was silent there for long and the packet is another session's media.
// REQUIRES: the slot's session is not 0. For find_flow(), once a touch period
bool touch_session(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                   SlotIndex slot) noexcept;

}  // namespace lb
