// SPDX-License-Identifier: MIT
// Between IPv4 and IPv6, header by header (RFC 7915): for `nat` whose clients and servers are of different families. Here addresses come
// from the flow, not from an algorithm.
#pragma once

#include <optional>

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/rewrite.h"
#include "lb/wire.h"

namespace lb {

// How many bytes longer a packet of the other family is in this one.
constexpr int translated_growth(Family to, Piece piece) {
  const int grown = piece == Piece::kWhole ? 20 : 28;  // with a fragment header
  return to == Family::kIpv6 ? grown : -grown;
}
inline constexpr unsigned kMostTranslatedGrowth = 28;

// Writes the other family's header before TCP or UDP, in place of what was there; IPv4 options and IPv6 extension headers go.
// DSCP and ECN stay, TTL or hop limit goes down by one, checksums change by what changed; UDP without a checksum gets one on
// IPv6. What is at most 1260 bytes in IPv4 may be fragmented there (section 5.1), and takes the number after `last_id`.
// REQUIRES: packet.piece is kWhole; ends are of the other family; frame ends with its IP packet; kMostTranslatedGrowth bytes of
// headroom; TTL > 1
void translate(Frame& frame, Packet& packet, const Ends& ends, uint16_t& last_id) noexcept;

// False for a first piece of UDP without a checksum on its way to IPv6, where it needs one: that takes the whole datagram (section
// 4.5). REQUIRES: packet.piece is kFirst
bool is_translatable_piece(const Packet& packet) noexcept;

// The same for a piece: it lies where it lay, and may be fragmented further. The first one's ports and checksum change.
// ends  of later pieces only the addresses count
// id    that all pieces of the datagram get; IPv4 has its lower half
// REQUIRES: as translate(), but a piece, if the first a translatable one
void translate_piece(Frame& frame, Packet& packet, const Ends& ends, uint32_t id) noexcept;

// The other family's type, code and rest of an ICMP error (sections 4.2 and 5.2), checksum 0; nullopt for what has no
// counterpart. piece: what the error speaks of
std::optional<IcmpHeader> translate_icmp_error(const IcmpHeader& icmp, Family from, Piece piece) noexcept;

}  // namespace lb
