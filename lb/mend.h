// SPDX-License-Identifier: MIT
// What a killed process left half done in the state segment, made whole before workers start again.
#pragma once

#include <cstdint>

#include "lb/counters.h"
#include "lb/segment.h"
#include "lb/snapshot.h"

namespace lb {

struct MendReport {
  uint64_t flows = 0;             // entries kept
  uint64_t slots = 0;             // slots kept in use
  uint64_t entries_removed = 0;   // half-written, double, or pointing to a slot that is not theirs
  uint64_t entries_restored = 0;  // slots in use whose entry was missing
  uint64_t sessions = 0;          // ICE sessions kept
  uint64_t slots_released = 0;  // with a state or ids of no use, or whose flow a connection id led elsewhere
};

// After it no entry points to the slot of another flow, and no slot in use is without its entry.
// REQUIRES: no worker is at work. cost: one pass over the tables and over the slots of every known LIP.
MendReport mend(Segment& segment, Now now);

// Counts the open flows of a segment into `counters`, so that open = opened - closed holds again after a restart.
// REQUIRES: no worker is at work; counters are those of one worker, fresh.
void recount(Segment& segment, const Snapshot& snapshot, WorkerCounters& counters);

}  // namespace lb
