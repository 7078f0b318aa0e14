// SPDX-License-Identifier: MIT
// A UDP datagram of Cleat's own.
#pragma once

#include <span>

#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Longest payload: what OutFrames holds less the headers of IPv6 and UDP.
inline constexpr size_t kMaxEmittedUdp = OutFrames::kMaxBytes - 14 - 40 - 8;

// Puts it into worker.out, addressed to the next hop on the way to `to`.
// from, to  of one family; payload  0..kMaxEmittedUdp bytes
// returns   false: no route, no room in worker.out, or the next hop's MAC address is not known (it is asked for)
bool emit_udp(Worker& worker, const Snapshot& snapshot, Now now, const Endpoint& from, const Endpoint& to,
              std::span<const uint8_t> payload) noexcept;

}  // namespace lb
