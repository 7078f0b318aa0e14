// SPDX-License-Identifier: MIT
// The packet that an ICMP error speaks of, as far as the error quotes it: 8 bytes behind the IP header at least (RFC 792), more as a
// rule (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4).
#pragma once

#include <optional>
#include <span>

#include "lb/address.h"
#include "lb/tunnel.h"

namespace lb {

// Longer headers are not read: what Cleat writes in place of the quote has room for them and the beginning of the packet.
inline constexpr size_t kMostQuotedHeader = 256;

// Points into the message; nothing in it is to be believed but that the bytes are there.
struct IcmpQuote {
  const uint8_t* ip = nullptr;
  size_t ip_length = 0;  // of the IP header, options or extension headers included, kMostQuotedHeader at most
  const uint8_t* l4 = nullptr;
  size_t l4_length = 0;  // bytes quoted from there; 8 at least for TCP and UDP
  uint8_t protocol = 0;
  Piece piece = Piece::kWhole;  // of a later one l4 is no header
  IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;  // of TCP and UDP, unless it is a later piece

  // Bytes behind the IP header that the whole packet had, as it says; more than were quoted as a rule.
  [[nodiscard]] size_t claimed_contents() const;
  // The outer packet of one of Cleat's tunnels (lb/tunnel.h).
  [[nodiscard]] bool is_tunnel() const {
    return protocol == 4 || protocol == 41 || (protocol == 17 && destination_port == kGuePort);
  }
};

// quoted  what follows the 8 bytes of the ICMP header; v4  the family of the error, hence of what it quotes
// returns nullopt if it is no IP header, is too long a one, or ends before the ports of TCP or UDP
std::optional<IcmpQuote> read_icmp_quote(std::span<const uint8_t> quoted, bool v4) noexcept;

}  // namespace lb
