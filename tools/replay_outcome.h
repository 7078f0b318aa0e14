// SPDX-License-Identifier: MIT
// What became of one captured frame, and what Cleat knew of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lb/address.h"
#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/segment.h"
#include "lb/snapshot.h"
#include "lb/snapshot_spec.h"

namespace replay {

struct Outcome {
  uint64_t number = 0, file_number = 0;  // as in CapturedFrame
  uint64_t time_ns = 0;                  // since the first frame
  lb::PortIndex port = 0;
  lb::Verdict verdict;   // kHold only while its next hop is not known
  bool decided = false;  // the verdict is final
  std::optional<uint64_t> held_ms;

  // Of the frame as it came; unset where it was dropped before they were known.
  lb::Protocol protocol{};
  std::optional<lb::Endpoint> source, destination;
  // As far as they were found out.
  std::string service;
  std::optional<lb::Endpoint> backend, lip, client;
};

// Fills what process() found out about `packet`. Call it before the next process().
void describe(const lb::SnapshotSpec& spec, const lb::Snapshot& snapshot, lb::Segment& segment,
              const lb::Packet& packet, const lb::Verdict& verdict, Outcome& outcome);

// One line without its end: number, port, verdict, then key=value words; see cleat-replay(1).
std::string verdict_line(const lb::SnapshotSpec& spec, const Outcome& outcome);

}  // namespace replay
