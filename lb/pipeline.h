// SPDX-License-Identifier: MIT
// The packet's whole way:   rx -> parse -> classify -> affinity -> pick -> forward -> tx
// rx and tx are the caller's (dataplane/worker,
// tools/cleat-replay, tests); the rest is here, a burst at a time.
#pragma once

#include <array>
#include <cstdint>

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/stage_clock.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// A burst of frames on its way. The caller fills frames[0..count) and reads verdicts[0..count).
// For Action::kTx and kHold the frame's bytes, data and length are what goes out.
struct Burst {
  unsigned count = 0;  // 0..kMaxBurst
  std::array<Frame, kMaxBurst> frames;
  std::array<Verdict, kMaxBurst> verdicts;
  std::array<Packet, kMaxBurst> packets;  // between the stages
};

// Runs one burst to completion. Every frame gets a verdict; frames of Cleat's own go to worker.out.
// Counts everything except tx (the caller knows what was really sent).
// clock  started; gets a lap from each stage. null: none of this burst is timed
// cost   no allocation, lock, system call or clock read but the laps'. The worker's own thread.
void process(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst,
             StageClock* clock = nullptr) noexcept;

// Second try for a frame that got kHold: fills the destination MAC, or sends a piece after its datagram's first one.
// frame    as process() or resume() left it, with frame.port = held.port
// returns  kTx (send it), kHold (what it waits for now is in the verdict, and the frame may have changed) or kDrop with its
//          reason (counted)
Verdict resume(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, const Verdict& held) noexcept;

// Housekeeping between bursts: sweeps slots and flow entries and refills the worker's candidates, paced by
// time. Call it on every poll, idle or not. cost: bounded, some microseconds a call.
void housekeep(Worker& worker, const Snapshot& snapshot, Now now) noexcept;

}  // namespace lb
