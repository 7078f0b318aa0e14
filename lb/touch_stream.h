// SPDX-License-Identifier: MIT
// Streams (lb/streams.h) are remembered while somebody publishes or plays them: whoever does has a slot, and the sweep that comes by
// it says so.
#pragma once

#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// As Streams::touch() has it, of TCP or SRT. WHIP's connections end while what they began goes on, and are none.
inline Publisher publisher_on(SlotIndex slot, const Listener& listener) noexcept {
  constexpr SlotIndex kMost = 0x7fff;
  return listener.whip != 0 ? kNoPublisher : static_cast<Publisher>(slot % kMost + 1);
}

// A server's segment on a connection that is joined. One that ends it before its client does has the stream no more.
// REQUIRES: packet.slot is slot's, in that state
void note_server_end(Worker& worker, const Listener& listener, const Packet& packet,
                     const NatSlot& slot) noexcept;

// A server's host says that nobody listens there. index  of a UDP slot in use
void note_srt_unreachable(Worker& worker, const Listener& listener, Now now, SlotIndex index) noexcept;

// The flow on that slot, in that state, is over, or of another stream from now on. REQUIRES: the slot is in use
void leave_stream(Worker& worker, const Snapshot& snapshot, SlotIndex index, SlotControl control) noexcept;

// forward_age, reply_age  ticks since the slot's client, and its server, were heard
// REQUIRES: the slot is in use
// cost  of a flow of no stream, a look at its slot, and of a WebRTC session at its record
void touch_stream(Worker& worker, const Snapshot& snapshot, Now now, SlotIndex index, SlotControl control,
                  uint16_t forward_age, uint16_t reply_age) noexcept;

}  // namespace lb
