// SPDX-License-Identifier: MIT
// Puts a client's packet, as it is, into another one to its backend.
//
//   ipip  IP in IP: 4in4 (RFC 2003), 6in4 (RFC 4213), 4in6 and 6in6 (RFC 2473)
//   gue   the same behind a UDP header (draft-ietf-intarea-gue, variant 1: no header of its own), whose source port says which
//         flow it is, so that NICs and routers on the way spread flows
//
// The outer packet takes over DSCP and ECN (RFC 6040 section 4.1, normal mode) and may not be fragmented. UDP's checksum is
// zero over IPv4 and there over IPv6: a receiver of RFC 6935 takes either, one without takes only this.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot_spec.h"

namespace lb {

inline constexpr uint16_t kGuePort = 6080;                   // IANA
inline constexpr uint8_t kIpv4Inside = 4, kIpv6Inside = 41;  // IANA protocol numbers
inline constexpr uint8_t kTunnelTtl = 64;
// Bytes before a frame that a tunnel may need.
inline constexpr unsigned kMostTunnelBytes = 40 + 8;

// How many bytes stand before the inner packet. outer: the backend's family
constexpr unsigned tunnel_bytes(Forward forward, Family outer) {
  return (outer == Family::kIpv4 ? 20U : 40U) + (forward == Forward::kGue ? 8U : 0U);
}

// entropy  the same for all packets of a flow; returns 49152..65535
constexpr uint16_t gue_source_port(uint64_t entropy) {
  return static_cast<uint16_t>(0xc000U | (entropy & 0x3fff));
}

// from, to  of one family; entropy  the same for all packets of a flow
// On return frame is the outer packet's, but for the MAC addresses.
// REQUIRES: is_tunnel(forward), frame ends with its IP packet, frame.headroom >= tunnel_bytes()
// cost      gue over IPv6: reads the whole packet, for its checksum
void put_into_tunnel(Frame& frame, const Packet& packet, Forward forward, const IpAddress& from,
                     const IpAddress& to, uint64_t entropy) noexcept;

}  // namespace lb
