// SPDX-License-Identifier: MIT
// Streams (lb/streams.h) are remembered while somebody publishes or plays them: whoever does has a slot, and the sweep that comes by
// it says so.
#pragma once

#include "lb/nat_slot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// forward_age, reply_age  ticks since the slot's client, and its server, were heard
// REQUIRES: the slot is in use
// cost  of a flow of no stream, a look at its slot, and of a WebRTC session at its record
void touch_stream(Worker& worker, Now now, const NatSlot& slot, SlotControl control, Protocol protocol,
                  uint16_t forward_age, uint16_t reply_age) noexcept;

}  // namespace lb
