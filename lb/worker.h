// SPDX-License-Identifier: MIT
// One worker's own state between bursts: nothing in it is shared except through the segment and the
// neighbours.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "lb/counters.h"
#include "lb/frame.h"
#include "lb/neighbours.h"
#include "lb/segment.h"
#include "lb/slot_share.h"

namespace lb {

struct Worker {
  // segment, neighbours and counters outlive the worker.
  // index, count  this worker of how many: its share of slots and buckets. Recomputed at each start
  // macs          the ports' own MAC addresses, by PortIndex
  Worker(Segment& segment, Neighbours& neighbours, WorkerCounters& counters, unsigned index, unsigned count,
         const std::array<MacAddress, kMaxPorts>& macs);

  Segment& segment;
  Neighbours& neighbours;
  WorkerCounters& counters;
  const unsigned index;
  const unsigned count;
  const std::array<MacAddress, kMaxPorts> macs;

  OutFrames out;                             // drained by the caller after each process() and resume()
  SlotShare slots;                           // candidates for new NAT flows
  uint64_t random_state;                     // least-load's choices
  std::unique_ptr<uint32_t[]> wrr_position;  // by pool index
  // paced sweeps
  uint64_t flow_hand_narrow = 0, flow_hand_wide = 0;
  uint64_t swept_until_ms = 0;
  uint64_t neighbours_swept_ms = 0;
};

}  // namespace lb
