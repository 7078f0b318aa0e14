// SPDX-License-Identifier: MIT
// UDP frames for cleat-bench: written, and read again when they left; and what is in them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "lb/address.h"

namespace bench {

// bytes     where it goes, with room for 62 bytes and the payload
// returns   its length
uint16_t write_udp(uint8_t* bytes, const lb::MacAddress& to, const lb::MacAddress& from,
                   const lb::Endpoint& source, const lb::Endpoint& destination,
                   std::span<const uint8_t> payload);

struct Ends {
  lb::Endpoint source, destination;
};
// REQUIRES: a UDP frame, IPv4 without options or IPv6
Ends read_ends(const uint8_t* bytes);

enum class Payload : uint8_t {
  kPlain,    // 18 bytes of nothing
  kCheck,    // of ICE, as a browser signs them
  kSuccess,  // the server's answer to it
  kRtp,      // of an SSRC that no other session has
  kSrtcp,
};

using PayloadRoom = std::array<uint8_t, 256>;
// number   of the session: its name, its SSRC, its transactions
std::span<const uint8_t> write_payload(PayloadRoom& room, Payload what, uint64_t number);

}  // namespace bench
