// SPDX-License-Identifier: MIT
#include "lb/tunnel.h"

#include <cstring>

#include "lb/checksum.h"
#include "lb/ip_header.h"
#include "lb/wire.h"

namespace lb {
namespace {

constexpr uint8_t kUdp = static_cast<uint8_t>(Protocol::kUdp);

void put_udp(uint8_t* at, size_t inner_bytes, const IpAddress& from, const IpAddress& to, uint64_t entropy) {
  const auto length = static_cast<uint16_t>(sizeof(UdpHeader) + inner_bytes);
  UdpHeader udp{be16::of(gue_source_port(entropy)), be16::of(kGuePort), be16::of(length), {}};
  std::memcpy(at, &udp, sizeof(udp));
  if (from.is_v4()) return;
  udp.checksum = checksum_of(add_bytes(pseudo_header_sum(from, to, kUdp, length), at, length));
  if (udp.checksum.raw == 0) udp.checksum.raw = 0xffff;
  std::memcpy(at, &udp, sizeof(udp));
}

}  // namespace

void put_into_tunnel(Frame& frame, const Packet& packet, Forward forward, const IpAddress& from,
                     const IpAddress& to, uint64_t entropy) noexcept {
  const uint8_t tos = tos_of(packet);
  size_t contents = static_cast<size_t>(frame.data + frame.length - packet.l3);
  uint8_t* at = packet.l3;
  uint8_t protocol = packet.v4 ? kIpv4Inside : kIpv6Inside;
  if (forward == Forward::kGue) {
    at -= sizeof(UdpHeader);
    put_udp(at, contents, from, to, entropy);
    contents += sizeof(UdpHeader);
    protocol = kUdp;
  }
  at -= ip_header_bytes(from.family());
  put_ip_header(at, from, to, {contents, protocol, kTunnelTtl, tos, 0, true});
  begin_frame_at(frame, at, from.family());
}

}  // namespace lb
