// SPDX-License-Identifier: MIT
// Connection ids of the first QUIC packet in a UDP payload, for every version there is or will be: only what RFC 8999
// (QUIC invariants, section 5) promises is read.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace lb {

// Where the octets end in which a connection id lies.
enum class CidEnd : uint8_t {
  kExact,  // with the connection id: long headers, DTLS
  kOpen,   // with the datagram: a short header does not tell the length
};

struct QuicHeader {
  bool long_form = false;
  uint32_t version = 0;  // long form only; 0 = Version Negotiation (RFC 8999 section 6)
  std::span<const uint8_t>
      dcid;  // long form: 0..255 octets. Short form: all behind the first octet; it begins with the id
  std::span<const uint8_t> scid;  // long form: 0..255 octets

  [[nodiscard]] CidEnd dcid_end() const noexcept { return long_form ? CidEnd::kExact : CidEnd::kOpen; }
  // From servers to clients only.
  [[nodiscard]] bool is_version_negotiation() const noexcept { return long_form && version == 0; }
};

// first  a packet's first octet
constexpr bool is_long_header(uint8_t first) noexcept { return (first & 0x80) != 0; }

// datagram  the UDP payload, any length; only read; the result points into it
// returns   nullopt if it is empty, or if a long header's version or connection ids end beyond it (R7.1). Anything else is a
//           header: no bit but the highest is asked, for endpoints may grease the fixed bit (RFC 9287), and version 1's
//           limit of 20 octets is not asked either (R2.7)
// cost      no allocation; reads at most 7 octets
//
// Packets behind the first in one datagram are for the same connection (RFC 9000 section 12.2) and are not looked at.
// A Stateless Reset looks like a short header (RFC 9000 section 10.3), a Retry like any long one.
std::optional<QuicHeader> parse_quic(std::span<const uint8_t> datagram) noexcept;

}  // namespace lb
