// SPDX-License-Identifier: MIT
// What a UDP packet carries.
#pragma once

#include <algorithm>
#include <span>

#include "lb/checksum.h"
#include "lb/packet.h"
#include "lb/wire.h"

namespace lb {

// What is there of it: a first piece has less than UDP says.
// REQUIRES: parse() made the packet, and its protocol is UDP
inline std::span<const uint8_t> udp_payload(const Packet& packet) noexcept {
  const auto* udp = reinterpret_cast<const UdpHeader*>(packet.l4);
  return {packet.l4 + sizeof(UdpHeader), std::min(udp->length.host(), packet.l4_length) - sizeof(UdpHeader)};
}

// True also where the sender made none (IPv4 only, RFC 768). REQUIRES: the packet is whole, and UDP. cost: reads all of it
inline bool udp_checksum_holds(const Packet& packet) {
  if (reinterpret_cast<const UdpHeader*>(packet.l4)->checksum.raw == 0) return packet.v4;
  const auto length = static_cast<uint16_t>(sizeof(UdpHeader) + udp_payload(packet).size());
  const uint64_t pseudo =
      pseudo_header_sum(packet.src, packet.dst, static_cast<uint8_t>(Protocol::kUdp), length);
  return checksum_of(add_bytes(pseudo, packet.l4, length)).raw == 0;
}

}  // namespace lb
