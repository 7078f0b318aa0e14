// SPDX-License-Identifier: MIT
#include "lb/tunnel.h"

#include <cstring>

#include "lb/checksum.h"
#include "lb/wire.h"

namespace lb {
namespace {

constexpr uint8_t kTtl = 64, kUdp = static_cast<uint8_t>(Protocol::kUdp);
constexpr uint8_t kIpv4Inside = 4, kIpv6Inside = 41;  // IANA protocol numbers

uint8_t traffic_class(const Packet& packet) {
  return packet.v4 ? packet.l3[1] : static_cast<uint8_t>(packet.l3[0] << 4 | packet.l3[1] >> 4);
}

void put_udp(uint8_t* at, size_t inner_bytes, const IpAddress& from, const IpAddress& to, uint64_t entropy) {
  constexpr uint16_t kFirstEphemeral = 49152;
  const auto length = static_cast<uint16_t>(sizeof(UdpHeader) + inner_bytes);
  UdpHeader udp{be16::of(static_cast<uint16_t>(kFirstEphemeral | (entropy & 0x3fff))),
                be16::of(kGuePort),
                be16::of(length),
                {}};
  std::memcpy(at, &udp, sizeof(udp));
  if (from.is_v4()) return;
  udp.checksum = checksum_of(add_bytes(pseudo_header_sum(from, to, kUdp, length), at, length));
  if (udp.checksum.raw == 0) udp.checksum.raw = 0xffff;
  std::memcpy(at, &udp, sizeof(udp));
}

void put_ip(uint8_t* at, uint8_t tos, size_t contents, uint8_t protocol, const IpAddress& from,
            const IpAddress& to) {
  if (from.is_v4()) {
    constexpr uint16_t kDontFragment = 0x4000;
    Ipv4Header ip{0x45,
                  tos,
                  be16::of(static_cast<uint16_t>(sizeof(Ipv4Header) + contents)),
                  {},
                  be16::of(kDontFragment),
                  kTtl,
                  protocol,
                  {},
                  from.as_v4(),
                  to.as_v4()};
    ip.checksum = checksum_of(add_bytes(0, reinterpret_cast<const uint8_t*>(&ip), sizeof(ip)));
    std::memcpy(at, &ip, sizeof(ip));
    return;
  }
  Ipv6Header ip{be32::of(0x60000000U | uint32_t{tos} << 20),
                be16::of(static_cast<uint16_t>(contents)),
                protocol,
                kTtl,
                {},
                {}};
  std::memcpy(ip.source.data(), from.bytes(), 16);
  std::memcpy(ip.destination.data(), to.bytes(), 16);
  std::memcpy(at, &ip, sizeof(ip));
}

}  // namespace

void put_into_tunnel(Frame& frame, const Packet& packet, Forward forward, const IpAddress& from,
                     const IpAddress& to, uint64_t entropy) noexcept {
  const uint8_t tos = traffic_class(packet);
  size_t contents = static_cast<size_t>(frame.data + frame.length - packet.l3);
  uint8_t* at = packet.l3;
  uint8_t protocol = packet.v4 ? kIpv4Inside : kIpv6Inside;
  if (forward == Forward::kGue) {
    at -= sizeof(UdpHeader);
    put_udp(at, contents, from, to, entropy);
    contents += sizeof(UdpHeader);
    protocol = kUdp;
  }
  at -= from.is_v4() ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
  put_ip(at, tos, contents, protocol, from, to);
  const be16 type = be16::of(from.is_v4() ? kEtherIpv4 : kEtherIpv6);
  std::memcpy(at - sizeof(type), &type, sizeof(type));
  at -= sizeof(EthernetHeader);
  const auto added = static_cast<uint16_t>(frame.data - at);
  frame.data = at;
  frame.length = static_cast<uint16_t>(frame.length + added);
  frame.headroom = static_cast<uint16_t>(frame.headroom - added);
}

}  // namespace lb
