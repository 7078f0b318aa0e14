// SPDX-License-Identifier: MIT
// Lowers what a SYN or SYN-ACK says about the largest segment its sender takes (MSS, RFC 9293 section 3.7.1, RFC 6691), so that no
// segment is too big for the way. Without it the first large ones of a connection between families would be, for they grow.
#pragma once

#include "lb/packet.h"

namespace lb {

// One side of Cleat: what its port takes, and the header that packets have there.
struct Arm {
  uint16_t mtu = 0;
  Family family{};
};

// The largest segment that passes both arms in either direction. configured  a service's `mss`; 0: none
uint16_t mss_between(const Arm& a, const Arm& b, uint16_t configured) noexcept;

// Never raises one, and adds none. What is malformed stays, and so does what lies behind it.
// most      0: only `header` counts
// header    bytes that Cleat may put in front of a segment's payload; what is left too small for that stays as it is
// REQUIRES: packet is TCP with SYN, and not a later piece
void clamp_mss(const Packet& packet, uint16_t most, uint8_t header = 0) noexcept;

}  // namespace lb
