// SPDX-License-Identifier: MIT
// Changes addresses and ports of a packet in place. Checksums change by what changed (RFC 1624), a UDP checksum of zero stays zero
// (RFC 768), TTL or hop limit goes down by one.
#pragma once

#include <cstring>

#include "lb/checksum.h"
#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/wire.h"

namespace lb {

// Both ends of a packet, as it shall leave.
struct Ends {
  IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;
};

// Addresses alone, of any protocol: a datagram's later piece has no ports, and its checksum stands in the first.
// REQUIRES: addresses of the packet's family, TTL > 1
// returns  what changes in a checksum that covers both addresses
inline ChecksumDelta rewrite_addresses(const Packet& packet, const IpAddress& source,
                                       const IpAddress& destination) noexcept {
  ChecksumDelta delta;
  if (packet.v4) {
    auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
    delta.change(ip->source, source.as_v4());
    delta.change(ip->destination, destination.as_v4());
    ip->source = source.as_v4();
    ip->destination = destination.as_v4();
    ChecksumDelta header = delta;
    header.decrement_first_byte();
    --ip->ttl;
    ip->checksum = header.apply(ip->checksum);
  } else {
    auto* ip = reinterpret_cast<Ipv6Header*>(packet.l3);
    delta.change(packet.src, source);
    delta.change(packet.dst, destination);
    std::memcpy(ip->source.data(), source.bytes(), 16);
    std::memcpy(ip->destination.data(), destination.bytes(), 16);
    --ip->hop_limit;
  }
  return delta;
}

// REQUIRES: TCP or UDP, all addresses of the packet's family, TTL > 1
inline void rewrite(const Packet& packet, const IpAddress& source, uint16_t source_port,
                    const IpAddress& destination, uint16_t destination_port) noexcept {
  ChecksumDelta delta = rewrite_addresses(packet, source, destination);
  auto* ports = reinterpret_cast<L4Ports*>(packet.l4);
  const L4Ports new_ports{be16::of(source_port), be16::of(destination_port)};
  delta.change(ports->both(), new_ports.both());
  *ports = new_ports;
  if (packet.protocol == Protocol::kTcp) {
    auto* tcp = reinterpret_cast<TcpHeader*>(packet.l4);
    tcp->checksum = delta.apply(tcp->checksum);
  } else {
    auto* udp = reinterpret_cast<UdpHeader*>(packet.l4);
    udp->checksum = delta.apply_udp(udp->checksum);
  }
}

inline void rewrite(const Packet& packet, const Ends& ends) noexcept {
  rewrite(packet, ends.source, ends.source_port, ends.destination, ends.destination_port);
}

// TTL or hop limit alone, with the IPv4 header checksum. REQUIRES: TTL > 1
inline void decrement_ttl(const Packet& packet) noexcept {
  if (!packet.v4) {
    --reinterpret_cast<Ipv6Header*>(packet.l3)->hop_limit;
    return;
  }
  auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
  ChecksumDelta header;
  header.decrement_first_byte();
  --ip->ttl;
  ip->checksum = header.apply(ip->checksum);
}

// Cuts what lies behind the IP packet off.
inline void cut_padding(Frame& frame, const Packet& packet) noexcept {
  frame.length = static_cast<uint16_t>(packet.l3 - frame.data + ip_bytes(packet));
}

}  // namespace lb
