// SPDX-License-Identifier: MIT
// Changes addresses and ports of a packet in place. Checksums change by what changed (RFC 1624), a UDP checksum of zero stays zero
// (RFC 768), TTL or hop limit goes down by one.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"

namespace lb {

// Both ends of a packet, as it shall leave.
struct Ends {
  IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;
};

// REQUIRES: TCP or UDP, all addresses of the packet's family, TTL > 1
void rewrite(Packet& packet, const Ends& ends) noexcept;

// Addresses alone, of any protocol: a datagram's later piece has no ports, and its checksum stands in the first.
void rewrite_addresses(Packet& packet, const IpAddress& source, const IpAddress& destination) noexcept;

// TTL or hop limit alone, with the IPv4 header checksum. REQUIRES: TTL > 1
void decrement_ttl(Packet& packet) noexcept;

// Cuts what lies behind the IP packet off.
void cut_padding(Frame& frame, const Packet& packet) noexcept;

}  // namespace lb
