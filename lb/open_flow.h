// SPDX-License-Identifier: MIT
// Fourth stage, for flows that nobody knows yet: pick a backend, take a NAT slot, enter both in the tables.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// hash  pick_hash() of the packet
// REQUIRES: packet.kind is kClient and hit is false. On return backend and slot are set, or the packet is dropped.
void open_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
               uint64_t hash) noexcept;

}  // namespace lb
