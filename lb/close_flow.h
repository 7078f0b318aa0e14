// SPDX-License-Identifier: MIT
// The end of a nat flow: its slot rests, its entry goes, it is counted.
#pragma once

#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// index  of the worker's own share; view as just read from it
// False if the slot changed meanwhile, and nothing is done. cost: one or two cache lines of the flow table
bool close_flow(Worker& worker, const Snapshot& snapshot, SlotIndex index, const SlotView& view,
                Quarantine cause, Now now) noexcept;

// All ports of the worker's share are taken: lets flows that nobody answered, or whose client never finished the
// handshake, make way for new ones. Never an established flow. Looks at a few hundred slots, at most once a millisecond.
// Returns how many were closed.
unsigned evict_embryonic(Worker& worker, const Snapshot& snapshot, Family family, Protocol protocol,
                         Now now) noexcept;

}  // namespace lb
