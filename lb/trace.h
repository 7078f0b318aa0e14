// SPDX-License-Identifier: MIT
// An operator's look at packets with their verdicts, while they pass. A snapshot with a trace makes workers copy what it
// asks for into their rings; without one nothing of this is called.
#pragma once

#include "lb/frame.h"
#include "lb/pipeline.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Notes the frames as they came, before any stage changes them, and forgets what the packets of the burst before were.
// REQUIRES: snapshot.trace. cost: copies snaplen bytes of each frame
void trace_arrivals(Worker& worker, const Snapshot& snapshot, Burst& burst) noexcept;

// Keeps the packets that the trace asks for, with what became of them. REQUIRES: trace_arrivals() before the stages.
// cost  for each frame two look-ups of addresses, for replies a slot; for what is kept a parse of the frame that leaves
void trace_burst(Worker& worker, const Snapshot& snapshot, Now now, const Burst& burst) noexcept;

// How a frame looks that trace_late() tells of: as no stage has changed it, or with the addresses with which it leaves.
enum class Late : uint8_t { kAsItCame, kAsItLeaves };

// What became of a frame outside its burst: one that waited, or that the caller could not take, hold, send or punt.
// REQUIRES: snapshot.trace
// frame    with frame.port where it came in, or where it leaves
// verdict  kTx, or kDrop with its reason
void trace_late(Worker& worker, const Snapshot& snapshot, Now now, const Frame& frame, const Verdict& verdict,
                Late late) noexcept;

}  // namespace lb
