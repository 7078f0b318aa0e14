// SPDX-License-Identifier: MIT
// From bytes to Packet: Ethernet, IPv4 with options (RFC 791), IPv6 with extension headers (RFC 8200), TCP
// (RFC 9293), UDP (RFC 768), ICMP, ARP (RFC 826). The one place where lengths are proved.
#pragma once

#include <optional>

#include "lb/drop_reason.h"
#include "lb/frame.h"
#include "lb/packet.h"

namespace lb {

// frame   any bytes, any length; only read. Padding after the IP packet is legal and ignored
// packet  overwritten. kind is kArp, kIp or kNone (another ethertype, multicast or broadcast destination
//         address, a protocol that Cleat does not forward: for the kernel)
// returns the reason to drop it, or nullopt. A packet that is dropped proves nothing about its bytes
// cost    no allocation; reads at most Ethernet + IP headers + 20 bytes; checks the IPv4 header checksum
//
// Proved for kIp: l2..l2+14, the whole IP header, and at l4 the fixed header of TCP (with its options), UDP
// or ICMP (8 bytes); l4 + l4_length does not pass the frame's end. A later piece has no l4; its l4_length bytes end the
// packet. UDP's own length is within l4_length but for a first piece. kArp: 28 bytes at l3.
std::optional<DropReason> parse(const Frame& frame, Packet& packet) noexcept;

}  // namespace lb
