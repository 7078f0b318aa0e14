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

void rewrite_addresses(Packet& packet, const IpAddress& source, const IpAddress& destination) noexcept {
  if (packet.v4) {
    ChecksumDelta header;
    header.change(packet.src, source);
    header.change(packet.dst, destination);
    auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
    ip->source = source.as_v4();
    ip->destination = destination.as_v4();
    decrement_ttl_v4(*ip, header);
    ip->checksum = header.apply(ip->checksum);
  } else {
    auto* ip = reinterpret_cast<Ipv6Header*>(packet.l3);
    std::memcpy(ip->source.data(), source.bytes(), 16);
    std::memcpy(ip->destination.data(), destination.bytes(), 16);
    --ip->hop_limit;
  }
}

void rewrite(Packet& packet, const Ends& ends) noexcept {
  ChecksumDelta addresses;
  addresses.change(packet.src, ends.source);
  addresses.change(packet.dst, ends.destination);
  rewrite_addresses(packet, ends.source, ends.destination);
  rewrite_l4(packet, ends, addresses);
}

void cut_padding(Frame& frame, const Packet& packet) noexcept {
  frame.length = static_cast<uint16_t>(packet.l3 - frame.data + ip_bytes(packet));
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
