// SPDX-License-Identifier: MIT
#include "lb/parse.h"

#include "lb/checksum.h"
#include "lb/extension_headers.h"
#include "lb/wire.h"

namespace lb {
namespace {

using Verdict = std::optional<DropReason>;

bool is_bad_source(const IpAddress& source) {
  if (source.is_v4()) {
    const uint32_t first = source.as_v4().host() >> 24;
    return first == 0 || first == 127 || first >= 224;
  }
  constexpr uint64_t kLoopbackLow = uint64_t{1} << 56;
  return source.bytes()[0] == 0xff || (source.high() == 0 && source.low() == kLoopbackLow);
}

// The fixed headers of layer 4. l4 and l4_length lie within the frame.
Verdict parse_l4(Packet& packet, uint8_t protocol) {
  packet.protocol = static_cast<Protocol>(protocol);
  switch (packet.protocol) {
    case Protocol::kTcp: {
      if (packet.l4_length < sizeof(TcpHeader)) return DropReason::kBadL4Header;
      const auto* tcp = reinterpret_cast<const TcpHeader*>(packet.l4);
      const unsigned header = (tcp->offset >> 4) * 4U;
      if (header < sizeof(TcpHeader) || header > packet.l4_length) return DropReason::kBadL4Header;
      packet.src_port = tcp->source.host();
      packet.dst_port = tcp->destination.host();
      packet.tcp_flags = tcp->flags;
      return std::nullopt;
    }
    case Protocol::kUdp: {
      if (packet.l4_length < sizeof(UdpHeader)) return DropReason::kBadL4Header;
      const auto* udp = reinterpret_cast<const UdpHeader*>(packet.l4);
      const uint16_t length = udp->length.host();
      // A first piece has less than the whole.
      const bool too_long = packet.piece == Piece::kWhole && length > packet.l4_length;
      if (length < sizeof(UdpHeader) || too_long) return DropReason::kBadL4Header;
      packet.src_port = udp->source.host();
      packet.dst_port = udp->destination.host();
      return std::nullopt;
    }
    case Protocol::kIcmp:
    case Protocol::kIcmpv6:
      if (packet.l4_length < sizeof(IcmpHeader)) return DropReason::kBadL4Header;
      return std::nullopt;
  }
  packet.l4 = nullptr;
  return std::nullopt;
}

Verdict parse_ipv4(const Frame& frame, Packet& packet, bool to_group) {
  const size_t room = frame.length - sizeof(EthernetHeader);
  if (room < sizeof(Ipv4Header)) return DropReason::kFrameTruncated;
  const auto* ip = reinterpret_cast<const Ipv4Header*>(packet.l3);
  const size_t header = (ip->version_ihl & 0x0fU) * 4;
  const size_t total = ip->total_length.host();
  if (ip->version_ihl >> 4 != 4 || header < sizeof(Ipv4Header) || total < header)
    return DropReason::kBadIpHeader;
  if (total > room) return DropReason::kFrameTruncated;
  if (to_group) return std::nullopt;
  if (fold_sum(add_bytes(0, packet.l3, header)) != 0xffff) return DropReason::kBadIpChecksum;
  packet.src = IpAddress::v4(ip->source);
  packet.dst = IpAddress::v4(ip->destination);
  if (is_bad_source(packet.src)) return DropReason::kBadSource;
  packet.kind = Kind::kIp;
  packet.protocol = static_cast<Protocol>(ip->protocol);
  packet.l4_length = static_cast<uint16_t>(total - header);
  constexpr uint16_t kMoreFragments = 0x2000, kOffset = 0x1fff;
  if ((ip->fragment.host() & kOffset) != 0) {
    packet.piece = Piece::kLater;
    return std::nullopt;
  }
  if ((ip->fragment.host() & kMoreFragments) != 0) packet.piece = Piece::kFirst;
  packet.l4 = packet.l3 + header;
  return parse_l4(packet, ip->protocol);
}

// walk  stands at the fragment header, whose 8 bytes are proved; on return behind it
void read_fragment_header(Packet& packet, ExtensionWalk& walk) {
  packet.fragment_header = packet.l3 + walk.offset;
  const uint16_t field =
      reinterpret_cast<const Ipv6FragmentHeader*>(packet.fragment_header)->offset_flags.host();
  walk.offset += sizeof(Ipv6FragmentHeader);
  packet.l4_length = static_cast<uint16_t>(packet.l4_length - sizeof(Ipv6FragmentHeader));
  constexpr uint16_t kMoreFragments = 1, kOffset = 0xfff8;
  if ((field & kOffset) != 0)
    packet.piece = Piece::kLater;
  else if ((field & kMoreFragments) != 0)
    packet.piece = Piece::kFirst;  // with neither it is whole (RFC 6946)
}

Verdict parse_ipv6(const Frame& frame, Packet& packet, bool to_group) {
  const size_t room = frame.length - sizeof(EthernetHeader);
  if (room < sizeof(Ipv6Header)) return DropReason::kFrameTruncated;
  const auto* ip = reinterpret_cast<const Ipv6Header*>(packet.l3);
  const size_t end = sizeof(Ipv6Header) + ip->payload_length.host();
  if (packet.l3[0] >> 4 != 6) return DropReason::kBadIpHeader;
  if (end > room) return DropReason::kFrameTruncated;

  ExtensionWalk walk{ip->next_header, sizeof(Ipv6Header)};
  if (const Verdict reason = walk_extensions(packet.l3, end, walk)) return reason;
  packet.v4 = false;
  packet.src = IpAddress::v6(ip->source.data());
  packet.dst = IpAddress::v6(ip->destination.data());
  // A v4-mapped address on the wire would be taken for the IPv4 host (RFC 4291 section 2.5.5.2 forbids it there).
  if (packet.src.is_v4() || packet.dst.is_v4()) return DropReason::kBadIpHeader;
  const bool icmp = walk.protocol == static_cast<uint8_t>(Protocol::kIcmpv6) && !walk.fragment;
  if (is_bad_source(packet.src) || (packet.src.is_unset() && !icmp)) return DropReason::kBadSource;
  packet.protocol = static_cast<Protocol>(walk.protocol);
  packet.l4_length = static_cast<uint16_t>(end - walk.offset);
  if (walk.fragment) read_fragment_header(packet, walk);
  if (packet.piece != Piece::kLater) {
    packet.l4 = packet.l3 + walk.offset;
    if (const Verdict reason = parse_l4(packet, walk.protocol)) return reason;
  }
  const bool discovery = icmp && (packet.l4[0] == icmpv6::kNeighbourSolicitation ||
                                  packet.l4[0] == icmpv6::kNeighbourAdvertisement);
  packet.kind = to_group && !discovery ? Kind::kNone : Kind::kIp;
  return std::nullopt;
}

Verdict parse_arp(const Frame& frame, Packet& packet) {
  if (frame.length < sizeof(EthernetHeader) + sizeof(ArpPacket)) return DropReason::kBadArp;
  const auto* arp = reinterpret_cast<const ArpPacket*>(packet.l3);
  const bool ethernet_ipv4 = arp->hardware == be16::of(1) && arp->protocol == be16::of(kEtherIpv4) &&
                             arp->hardware_length == 6 && arp->protocol_length == 4;
  if (!ethernet_ipv4) return DropReason::kBadArp;
  packet.kind = Kind::kArp;
  return std::nullopt;
}

}  // namespace

std::optional<DropReason> parse(const Frame& frame, Packet& packet) noexcept {
  packet = Packet{};
  packet.l2 = frame.data;
  if (frame.length < sizeof(EthernetHeader)) return DropReason::kFrameTruncated;
  const auto* ethernet = reinterpret_cast<const EthernetHeader*>(frame.data);
  packet.l3 = frame.data + sizeof(EthernetHeader);
  // No station has a group's address (IEEE 802-2014 section 8.4); an echo must not be turned round to one.
  if (ethernet->source.is_group()) return DropReason::kBadSource;
  const bool to_group = ethernet->destination.is_group();
  switch (ethernet->type.host()) {
    case kEtherIpv4:
      return parse_ipv4(frame, packet, to_group);
    case kEtherIpv6:
      return parse_ipv6(frame, packet, to_group);
    case kEtherArp:
      return parse_arp(frame, packet);
    default:
      return std::nullopt;
  }
}

}  // namespace lb
