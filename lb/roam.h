// SPDX-License-Identifier: MIT
// A session's client behind an address that nobody knows yet: its media tells of which session it may be, a challenge proves
// it, and the way back moves within one round trip instead of at the client's next check.
//
// A publisher's media (its SSRC is its own) goes to the server meanwhile, within a budget; the server cannot tell that the
// client moved. A player's SRTCP names a few candidates, which are asked one after the other.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/session_tables.h"
#include "lb/snapshot.h"
#include "lb/stun.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Media from an address of no session. Sets hit, backend and slot when it may go on to a server, or drops it.
// REQUIRES: the packet's payload is neither STUN nor empty; its service is `ice` in nat
void roam(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) noexcept;

// An address that a check attached without proof, while the current one is silent: asks whether somebody is there.
void ask_attached(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                  const SessionFound& session) noexcept;

// False if the message answers no challenge; else it is consumed, and may have moved the session.
bool take_challenge_answer(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                           Verdict& verdict, const StunMessage& message) noexcept;

}  // namespace lb
