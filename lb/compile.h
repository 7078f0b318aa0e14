// SPDX-License-Identifier: MIT
// From what control wants (SnapshotSpec) to what workers read (Snapshot).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "lb/counters.h"
#include "lb/result.h"
#include "lb/segment.h"
#include "lb/snapshot.h"
#include "lb/snapshot_spec.h"

namespace lb {

// Compiles `spec`; gives ids from the segment's identity tables and releases those no longer named. All or
// nothing: on an error nothing in the segment has changed its meaning.
//
// spec        checked again here: names unique, pools exist, LIPs of the backends' family where nat needs them
// segment     identity tables are read and written
// generation  of the new snapshot, > that of the one before
// now         for releases and holds of ids
// workers     their counters, for `least-load`; may be empty
// previous    the snapshot in force or null: pools that did not change keep their table without being rebuilt
// cost        allocates; about 5 ms for each changed pool of 100 backends. Control thread.
Result<std::unique_ptr<const Snapshot>> compile(const SnapshotSpec& spec, Segment& segment,
                                                uint64_t generation, Now now,
                                                std::span<const WorkerCounters* const> workers,
                                                const Snapshot* previous);

}  // namespace lb
