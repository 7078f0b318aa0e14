// SPDX-License-Identifier: MIT
// An IP header that Cleat writes whole: of its own packets, of tunnels and of translated packets.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"

namespace lb {

struct IpFields {
  size_t contents = 0;  // bytes behind the header, at most 65,515
  uint8_t protocol = 0;
  uint8_t ttl = 64;
  uint8_t tos = 0;             // DSCP and ECN
  uint16_t id = 0;             // IPv4
  bool dont_fragment = false;  // IPv4
};

constexpr size_t ip_header_bytes(Family family) { return family == Family::kIpv4 ? 20 : 40; }

// Lays it down at `at`, its checksum included, and returns the place behind it. from, to: of one family.
uint8_t* put_ip_header(uint8_t* at, const IpAddress& from, const IpAddress& to,
                       const IpFields& fields) noexcept;

// DSCP and ECN of a packet that came in.
uint8_t tos_of(const Packet& packet) noexcept;

// The IP header now stands at `ip`: the frame begins 14 bytes before it, the Ethernet type says the family; MAC addresses are not
// set. Its end stays. REQUIRES: ip - 14 lies within the frame or its headroom
void begin_frame_at(Frame& frame, uint8_t* ip, Family family) noexcept;

}  // namespace lb
