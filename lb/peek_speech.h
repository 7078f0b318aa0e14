// SPDX-License-Identifier: MIT
// RTMP between a peek and its server (lb/rtmp_peek.h): Cleat says what the client said, and discards the answers that the client has
// had, until both are at the same point.
#pragma once

#include "lb/packet.h"
#include "lb/peeks.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// The server accepted the connection. What is to be said to it is peek.given from then on.
void begin_speech(Peek& peek) noexcept;

// A server's segment in PeekPhase::kSpeaking.
void hear_speech(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, NatSlot& slot,
                 SlotControl control, Peeks::Held held) noexcept;

}  // namespace lb
