// SPDX-License-Identifier: MIT
// A TCP flow through `nat` that Cleat itself ends, on both sides, by numbers that both accept (RFC 5961 section 3.2).
#pragma once

#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// The client's number that the backend waits for, as far as is known.
// near  one of the client's that is not further from it than 2^30
uint32_t awaited(const NatSlot& slot, uint32_t near) noexcept;

// packet   a client's segment with ACK, as its sender wrote it, of the flow on that slot
// returns  false: nothing was done, for there is no room for a frame, or no way to the client
bool reset_flow(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                NatSlot& slot) noexcept;

}  // namespace lb
