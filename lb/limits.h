// SPDX-License-Identifier: MIT
// Ids and the sizes that the segment's layout fixes. A change here is a new kSegmentVersion.
#pragma once

#include <cstdint>

namespace lb {

using BackendId = uint16_t;   // 12 bits in a flow entry
using ListenerId = uint16_t;  // 16 bits in a flow key
using ServiceId = uint16_t;   // indexes counters
using LipIndex = uint16_t;
using SlotIndex = uint32_t;  // 26 bits in a flow entry

inline constexpr unsigned kMaxBackends = 4096;
inline constexpr BackendId kNoBackendId = 0xffff;
inline constexpr unsigned kMaxListeners = 32768;
inline constexpr unsigned kMaxServices = 16384;
inline constexpr ServiceId kServiceGone =
    kMaxServices;  // counts for listeners that no service claims any more
inline constexpr unsigned kMaxPools = 4096;
inline constexpr unsigned kMaxPorts = 16;
inline constexpr unsigned kMaxWorkers = 64;
inline constexpr unsigned kMaxBurst = 64;

// Local ports that NAT may use on a LIP: everything above the well-known ones.
inline constexpr unsigned kFirstLocalPort = 1024;
inline constexpr unsigned kLocalPorts = 65536 - kFirstLocalPort;
inline constexpr unsigned kSlotsPerLip = 2 * kLocalPorts;  // TCP, then UDP
inline constexpr unsigned kMaxLips = (1U << 26) / kSlotsPerLip - 1;

}  // namespace lb
