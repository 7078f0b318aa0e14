// SPDX-License-Identifier: MIT
// Packets of Cleat's own.
#pragma once

#include <span>

#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Longest contents: what OutFrames holds less the headers of IPv6, and of UDP.
inline constexpr size_t kMaxEmittedIp = OutFrames::kMaxBytes - 14 - 40;
inline constexpr size_t kMaxEmittedUdp = kMaxEmittedIp - 8;

// Puts an IP packet into worker.out, addressed to the next hop on the way to `to`.
// from, to  of one family; contents  what follows the IP header, its checksum included, 0..kMaxEmittedIp bytes
// returns   false: no route, no room in worker.out, or nobody answers for the next hop. While that one is asked for its MAC address the
//           packet waits
bool emit_ip(Worker& worker, const Snapshot& snapshot, Now now, const IpAddress& from, const IpAddress& to,
             Protocol protocol, std::span<const uint8_t> contents) noexcept;

// Likewise a UDP datagram.
// payload  0..kMaxEmittedUdp bytes
bool emit_udp(Worker& worker, const Snapshot& snapshot, Now now, const Endpoint& from, const Endpoint& to,
              std::span<const uint8_t> payload) noexcept;

struct TcpFields {
  uint32_t sequence = 0, acknowledgement = 0;
  uint8_t flags = 0;
  uint16_t window = 0;                    // as the header has it
  std::span<const uint8_t> options = {};  // a multiple of 4 bytes, at most kMostTcpOptions
};
inline constexpr size_t kMostTcpOptions = 40;
// Longest payload beside so many bytes of options.
constexpr size_t max_emitted_tcp(size_t options) { return kMaxEmittedIp - 20 - options; }

// Likewise a TCP segment.
// payload  0..max_emitted_tcp() bytes
bool emit_tcp(Worker& worker, const Snapshot& snapshot, Now now, const Endpoint& from, const Endpoint& to,
              const TcpFields& fields, std::span<const uint8_t> payload = {}) noexcept;

}  // namespace lb
