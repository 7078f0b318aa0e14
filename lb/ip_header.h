// SPDX-License-Identifier: MIT
// An IP header that Cleat writes whole: of its own packets, of tunnels and of translated packets and pieces.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"

namespace lb {

// Where a piece lies in its datagram. As made: a whole one.
struct PiecePlace {
  uint16_t offset = 0;  // in units of eight bytes
  bool more = false;    // others lie behind it
};
constexpr bool is_piece(const PiecePlace& place) { return place.more || place.offset != 0; }

struct IpFields {
  size_t contents = 0;  // bytes behind the header, at most 65,515
  uint8_t protocol = 0;
  uint8_t ttl = 64;
  uint8_t tos = 0;             // DSCP and ECN
  uint32_t id = 0;             // IPv4 has its lower half, IPv6 only in pieces
  bool dont_fragment = false;  // IPv4
  PiecePlace place{};
};

constexpr size_t ip_header_bytes(Family family) { return family == Family::kIpv4 ? 20 : 40; }
inline constexpr size_t kFragmentHeaderBytes = 8;  // behind an IPv6 header, in pieces (RFC 8200 section 4.5)

// Lays it down at `at`, its checksum and a piece's fragment header included, and returns the place behind it. from, to: of one family.
uint8_t* put_ip_header(uint8_t* at, const IpAddress& from, const IpAddress& to,
                       const IpFields& fields) noexcept;

// Of a packet that came in: DSCP and ECN.
inline uint8_t tos_of(const Packet& packet) noexcept {
  return packet.v4 ? packet.l3[1] : static_cast<uint8_t>(packet.l3[0] << 4 | packet.l3[1] >> 4);
}
// REQUIRES: packet.piece is not kWhole
PiecePlace place_of(const Packet& packet) noexcept;

// The IP header now stands at `ip`: the frame begins 14 bytes before it, the Ethernet type says the family; MAC addresses are
// zero. Its end stays. REQUIRES: ip - 14 lies within the frame or its headroom
void begin_frame_at(Frame& frame, uint8_t* ip, Family family) noexcept;

}  // namespace lb
