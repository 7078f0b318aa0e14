// SPDX-License-Identifier: MIT
// What a UDP packet carries.
#pragma once

#include <span>

#include "lb/packet.h"
#include "lb/wire.h"

namespace lb {

// REQUIRES: parse() made the packet (it proved the UDP length), and its protocol is UDP
inline std::span<const uint8_t> udp_payload(const Packet& packet) noexcept {
  const auto* udp = reinterpret_cast<const UdpHeader*>(packet.l4);
  return {packet.l4 + sizeof(UdpHeader), udp->length.host() - sizeof(UdpHeader)};
}

}  // namespace lb
