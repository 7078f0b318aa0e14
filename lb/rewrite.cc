// SPDX-License-Identifier: MIT
#include "lb/rewrite.h"

#include "lb/checksum.h"
#include "lb/wire.h"

namespace lb {
namespace {

// TTL and protocol share a 16-bit word of the IPv4 header.
void decrement_ttl_v4(Ipv4Header& ip, ChecksumDelta& header) {
  const be16 before = be16::of(static_cast<uint16_t>(ip.ttl << 8));
  --ip.ttl;
  header.change(before, be16::of(static_cast<uint16_t>(ip.ttl << 8)));
}

void rewrite_l4(Packet& packet, const Ends& ends, ChecksumDelta delta) {
  const be16 source = be16::of(ends.source_port), destination = be16::of(ends.destination_port);
  delta.change(be16::of(packet.src_port), source);
  delta.change(be16::of(packet.dst_port), destination);
  if (packet.protocol == Protocol::kTcp) {
    auto* tcp = reinterpret_cast<TcpHeader*>(packet.l4);
    tcp->source = source;
    tcp->destination = destination;
    tcp->checksum = delta.apply(tcp->checksum);
  } else {
    auto* udp = reinterpret_cast<UdpHeader*>(packet.l4);
    udp->source = source;
    udp->destination = destination;
    udp->checksum = delta.apply_udp(udp->checksum);
  }
}

}  // namespace

void rewrite(Packet& packet, const Ends& ends) noexcept {
  ChecksumDelta addresses;
  addresses.change(packet.src, ends.source);
  addresses.change(packet.dst, ends.destination);
  if (packet.v4) {
    auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
    ip->source = ends.source.as_v4();
    ip->destination = ends.destination.as_v4();
    ChecksumDelta header = addresses;
    decrement_ttl_v4(*ip, header);
    ip->checksum = header.apply(ip->checksum);
  } else {
    auto* ip = reinterpret_cast<Ipv6Header*>(packet.l3);
    std::memcpy(ip->source.data(), ends.source.bytes(), 16);
    std::memcpy(ip->destination.data(), ends.destination.bytes(), 16);
    --ip->hop_limit;
  }
  rewrite_l4(packet, ends, addresses);
}

void decrement_ttl(Packet& packet) noexcept {
  if (!packet.v4) {
    --reinterpret_cast<Ipv6Header*>(packet.l3)->hop_limit;
    return;
  }
  auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
  ChecksumDelta header;
  decrement_ttl_v4(*ip, header);
  ip->checksum = header.apply(ip->checksum);
}

}  // namespace lb
