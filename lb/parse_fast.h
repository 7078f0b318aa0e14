// SPDX-License-Identifier: MIT
// The frames that nearly all traffic consists of: IPv4 without options or IPv6 without extension headers, whole, with TCP or UDP
// behind it. For these it says what parse() (lb/parse.h) says, its plain twin; all others are left to that.
#pragma once

#include "lb/checksum.h"
#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/wire.h"

namespace lb {
namespace fast {

// Ports and length of what begins at packet.l4, packet.l4_length bytes.
inline bool read_l4(Packet& packet, uint8_t protocol) noexcept {
  packet.protocol = static_cast<Protocol>(protocol);
  packet.tcp_flags = 0;
  if (packet.protocol == Protocol::kUdp) {
    if (packet.l4_length < sizeof(UdpHeader)) return false;
    const unsigned length = reinterpret_cast<const UdpHeader*>(packet.l4)->length.host();
    if (length < sizeof(UdpHeader) || length > packet.l4_length) return false;
  } else {
    if (packet.protocol != Protocol::kTcp || packet.l4_length < sizeof(TcpHeader)) return false;
    const auto* tcp = reinterpret_cast<const TcpHeader*>(packet.l4);
    const unsigned header = (tcp->offset >> 4) * 4U;
    if (header < sizeof(TcpHeader) || header > packet.l4_length) return false;
    packet.tcp_flags = tcp->flags;
  }
  const auto* ports = reinterpret_cast<const L4Ports*>(packet.l4);
  packet.src_port = ports->source.host();
  packet.dst_port = ports->destination.host();
  packet.kind = Kind::kIp;
  return true;
}

// What a packet has that no stage has looked at yet.
inline void begin(Packet& packet, uint8_t* frame, bool v4) noexcept {
  packet.l2 = frame;
  packet.l3 = frame + sizeof(EthernetHeader);
  packet.fragment_header = nullptr;
  packet.v4 = v4;
  packet.piece = Piece::kWhole;
  packet.hit = false;
  packet.backend = 0;
  packet.named = kNoBackendId;
  packet.service = nullptr;
  packet.hash = 0;
  packet.slot = 0;
  packet.listener = 0;
}

// room  bytes behind the Ethernet header
inline bool read_ipv4(Packet& packet, unsigned room) noexcept {
  const auto* ip = reinterpret_cast<const Ipv4Header*>(packet.l3);
  const unsigned total = ip->total_length.host();
  const be16 in_pieces = be16::of(0x3fff);  // more fragments, offset
  if (ip->version_ihl != 0x45 || (ip->fragment.raw & in_pieces.raw) != 0 || total > room ||
      total < sizeof(Ipv4Header) + sizeof(UdpHeader))
    return false;
  uint64_t sum = 0;
  for (unsigned at = 0; at < sizeof(Ipv4Header); at += 4)
    sum += reinterpret_cast<const be32*>(packet.l3 + at)->raw;
  if (fold_sum(sum) != 0xffff) return false;
  const unsigned first = ip->source.raw & 0xff;
  if (first == 0 || first == 127 || first >= 224) return false;
  packet.src = IpAddress::v4(ip->source);
  packet.dst = IpAddress::v4(ip->destination);
  packet.l4 = packet.l3 + sizeof(Ipv4Header);
  packet.l4_length = static_cast<uint16_t>(total - sizeof(Ipv4Header));
  return read_l4(packet, ip->protocol);
}

inline bool read_ipv6(Packet& packet, unsigned room) noexcept {
  const auto* ip = reinterpret_cast<const Ipv6Header*>(packet.l3);
  const unsigned length = ip->payload_length.host();
  if (packet.l3[0] >> 4 != 6 || sizeof(Ipv6Header) + length > room) return false;
  packet.src = IpAddress::v6(ip->source.data());
  packet.dst = IpAddress::v6(ip->destination.data());
  // Loopback, unset and v4-mapped addresses all begin with eight zeros, group addresses with ff.
  if (packet.src.high() == 0 || packet.dst.high() == 0 || ip->source[0] == 0xff) return false;
  packet.l4 = packet.l3 + sizeof(Ipv6Header);
  packet.l4_length = static_cast<uint16_t>(length);
  return read_l4(packet, ip->next_header);
}

}  // namespace fast

// frame   any bytes, any length; only read
// packet  overwritten
// returns false: ask parse(), which says what it is, or why it is dropped
// cost    reads the first 42 to 67 bytes
inline bool parse_fast(const Frame& frame, Packet& packet) noexcept {
  if (frame.length < sizeof(EthernetHeader) + sizeof(Ipv4Header)) return false;
  const auto* ethernet = reinterpret_cast<const EthernetHeader*>(frame.data);
  if (((ethernet->destination.bytes[0] | ethernet->source.bytes[0]) & 1) != 0) return false;
  const unsigned room = frame.length - unsigned{sizeof(EthernetHeader)};
  const bool v4 = ethernet->type == be16::of(kEtherIpv4);
  fast::begin(packet, frame.data, v4);
  if (v4) return fast::read_ipv4(packet, room);
  return ethernet->type == be16::of(kEtherIpv6) && room >= sizeof(Ipv6Header) &&
         fast::read_ipv6(packet, room);
}

}  // namespace lb
