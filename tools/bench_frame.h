// SPDX-License-Identifier: MIT
// Frames for cleat-bench: written with right checksums, and read again when they left.
#pragma once

#include <cstdint>
#include <span>

#include "lb/address.h"
#include "lb/packet.h"

namespace bench {

struct Content {
  lb::Protocol protocol = lb::Protocol::kUdp;  // or kTcp
  uint8_t tcp_flags = 0;
  std::span<const uint8_t> payload;
};

// bytes     where it goes, with room for 74 bytes and the payload
// returns   its length
uint16_t write_frame(uint8_t* bytes, const lb::MacAddress& to, const lb::MacAddress& from,
                     const lb::Endpoint& source, const lb::Endpoint& destination, const Content& content);

// What came out: a packet, and the one that it may be a tunnel of.
struct Left {
  lb::MacAddress to;
  lb::IpAddress outer_destination;   // equal to destination.address without a tunnel
  lb::Endpoint source, destination;  // of the inner packet
  bool checksums_right = false;      // of every header, if asked for
};
// frame      UDP or TCP over IPv4 without options or IPv6
// forward    how it was sent on: what is in a tunnel
// checksums  recompute all of them whole, over header and payload
Left read_frame(std::span<const uint8_t> frame, lb::Forward forward, bool checksums);

}  // namespace bench
