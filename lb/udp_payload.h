// SPDX-License-Identifier: MIT
// What a UDP packet carries.
#pragma once

#include <algorithm>
#include <span>

#include "lb/packet.h"
#include "lb/wire.h"

namespace lb {

// What is there of it: a first piece has less than UDP says.
// REQUIRES: parse() made the packet, and its protocol is UDP
inline std::span<const uint8_t> udp_payload(const Packet& packet) noexcept {
  const auto* udp = reinterpret_cast<const UdpHeader*>(packet.l4);
  return {packet.l4 + sizeof(UdpHeader), std::min(udp->length.host(), packet.l4_length) - sizeof(UdpHeader)};
}

}  // namespace lb
