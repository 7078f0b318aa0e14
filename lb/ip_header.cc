// SPDX-License-Identifier: MIT
#include "lb/ip_header.h"

#include "lb/checksum.h"
#include "lb/wire.h"

namespace lb {

uint8_t* put_ip_header(uint8_t* at, const IpAddress& from, const IpAddress& to,
                       const IpFields& fields) noexcept {
  if (from.is_v4()) {
    constexpr uint16_t kDontFragment = 0x4000;
    Ipv4Header ip{};
    ip.version_ihl = 0x45;
    ip.tos = fields.tos;
    ip.total_length = be16::of(static_cast<uint16_t>(sizeof(ip) + fields.contents));
    ip.id = be16::of(fields.id);
    ip.fragment = be16::of(fields.dont_fragment ? kDontFragment : uint16_t{0});
    ip.ttl = fields.ttl;
    ip.protocol = fields.protocol;
    ip.source = from.as_v4();
    ip.destination = to.as_v4();
    ip.checksum = checksum_of(add_bytes(0, reinterpret_cast<const uint8_t*>(&ip), sizeof(ip)));
    std::memcpy(at, &ip, sizeof(ip));
    return at + sizeof(ip);
  }
  Ipv6Header ip{};
  ip.version_class_flow = be32::of(0x60000000U | uint32_t{fields.tos} << 20);
  ip.payload_length = be16::of(static_cast<uint16_t>(fields.contents));
  ip.next_header = fields.protocol;
  ip.hop_limit = fields.ttl;
  std::memcpy(ip.source.data(), from.bytes(), 16);
  std::memcpy(ip.destination.data(), to.bytes(), 16);
  std::memcpy(at, &ip, sizeof(ip));
  return at + sizeof(ip);
}

uint8_t tos_of(const Packet& packet) noexcept {
  return packet.v4 ? packet.l3[1] : static_cast<uint8_t>(packet.l3[0] << 4 | packet.l3[1] >> 4);
}

void begin_frame_at(Frame& frame, uint8_t* ip, Family family) noexcept {
  const be16 type = be16::of(family == Family::kIpv4 ? kEtherIpv4 : kEtherIpv6);
  std::memcpy(ip - sizeof(type), &type, sizeof(type));
  uint8_t* const begin = ip - sizeof(EthernetHeader);
  const auto moved = frame.data - begin;
  frame.data = begin;
  frame.length = static_cast<uint16_t>(frame.length + moved);
  frame.headroom = static_cast<uint16_t>(frame.headroom - moved);
}

}  // namespace lb
