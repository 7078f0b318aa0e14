// SPDX-License-Identifier: MIT
#include "lb/translate.h"

#include <algorithm>

#include "lb/checksum.h"
#include "lb/ip_header.h"

namespace lb {
namespace {

void rewrite_tcp(const Packet& packet, const Ends& ends, const ChecksumDelta& delta) {
  auto* tcp = reinterpret_cast<TcpHeader*>(packet.l4);
  tcp->source = be16::of(ends.source_port);
  tcp->destination = be16::of(ends.destination_port);
  tcp->checksum = delta.apply(tcp->checksum);
}

void rewrite_udp(const Packet& packet, const Ends& ends, const ChecksumDelta& delta) {
  auto* udp = reinterpret_cast<UdpHeader*>(packet.l4);
  udp->source = be16::of(ends.source_port);
  udp->destination = be16::of(ends.destination_port);
  if (udp->checksum.raw != 0 || ends.source.is_v4()) {
    udp->checksum = delta.apply_udp(udp->checksum);
    return;
  }
  const uint16_t length = udp->length.host();
  const uint64_t pseudo =
      pseudo_header_sum(ends.source, ends.destination, static_cast<uint8_t>(Protocol::kUdp), length);
  udp->checksum = checksum_of(add_bytes(pseudo, packet.l4, length));
  if (udp->checksum.raw == 0) udp->checksum.raw = 0xffff;
}

IcmpHeader error_of(uint8_t type, uint8_t code, uint32_t rest = 0) {
  return {type, code, {}, be32::of(rest)};
}

std::optional<IcmpHeader> unreachable_to_v6(const IcmpHeader& icmp) {
  constexpr uint32_t kNextHeaderAt = 6;
  constexpr uint8_t kNoRoute = 0, kProhibited = 1, kPortUnreachable = 4, kUnknownNextHeader = 1;
  switch (icmp.code) {
    case 2:
      return error_of(icmpv6::kParameterProblem, kUnknownNextHeader, kNextHeaderAt);
    case 3:
      return error_of(icmpv6::kUnreachable, kPortUnreachable);
    case icmp::kFragmentationNeeded: {
      const uint32_t mtu = icmp.rest.host() & 0xffff;
      return error_of(icmpv6::kPacketTooBig, 0, std::max(mtu + 20, 1280U));
    }
    case 9:
    case 10:
    case 13:
    case 15:
      return error_of(icmpv6::kUnreachable, kProhibited);
    case 14:
      return std::nullopt;
    default:
      return error_of(icmpv6::kUnreachable, kNoRoute);
  }
}

std::optional<IcmpHeader> to_v6(const IcmpHeader& icmp) {
  if (icmp.type == icmp::kUnreachable) return unreachable_to_v6(icmp);
  if (icmp.type == icmp::kTimeExceeded) return error_of(icmpv6::kTimeExceeded, icmp.code);
  return std::nullopt;  // a parameter problem: of a header that the other side did not write
}

std::optional<IcmpHeader> to_v4(const IcmpHeader& icmp, Piece piece) {
  constexpr uint8_t kHost = 1, kProtocol = 2, kPort = 3, kHostProhibited = 10;
  constexpr uint32_t kLeastMtuV4 = 68;
  switch (icmp.type) {
    case icmpv6::kUnreachable:
      return error_of(icmp::kUnreachable, icmp.code == 1 ? kHostProhibited : icmp.code == 4 ? kPort : kHost);
    case icmpv6::kPacketTooBig: {
      const auto grown = static_cast<uint32_t>(translated_growth(Family::kIpv6, piece));
      return error_of(icmp::kUnreachable, icmp::kFragmentationNeeded,
                      std::clamp(icmp.rest.host(), kLeastMtuV4 + grown, 65535U) - grown);
    }
    case icmpv6::kTimeExceeded:
      return error_of(icmp::kTimeExceeded, icmp.code);
    case icmpv6::kParameterProblem:
      if (icmp.code == 1) return error_of(icmp::kUnreachable, kProtocol);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

void rewrite_l4(const Packet& packet, const Ends& ends) {
  ChecksumDelta delta;
  delta.change(packet.src, ends.source);
  delta.change(packet.dst, ends.destination);
  delta.change(be16::of(packet.src_port), be16::of(ends.source_port));
  delta.change(be16::of(packet.dst_port), be16::of(ends.destination_port));
  if (packet.protocol == Protocol::kTcp)
    rewrite_tcp(packet, ends, delta);
  else
    rewrite_udp(packet, ends, delta);
}

// What stays of a packet's headers.
IpFields fields_of(const Packet& packet) {
  IpFields fields;
  fields.contents = packet.l4_length;
  fields.protocol = static_cast<uint8_t>(packet.protocol);
  fields.ttl = static_cast<uint8_t>((packet.v4 ? packet.l3[8] : packet.l3[7]) - 1);
  fields.tos = tos_of(packet);
  return fields;
}

// In place of the headers that end where `contents` begin.
void put_headers(Frame& frame, uint8_t* contents, const Ends& ends, const IpFields& fields) {
  const Family family = ends.source.family();
  const bool with_fragment_header = family == Family::kIpv6 && is_piece(fields.place);
  uint8_t* const ip = contents - ip_header_bytes(family) - (with_fragment_header ? kFragmentHeaderBytes : 0);
  put_ip_header(ip, ends.source, ends.destination, fields);
  begin_frame_at(frame, ip, family);
}

}  // namespace

void translate(Frame& frame, Packet& packet, const Ends& ends, uint16_t& last_id) noexcept {
  constexpr size_t kMayBeFragmented = 1260;
  rewrite_l4(packet, ends);
  IpFields fields = fields_of(packet);
  const Family family = ends.source.family();
  fields.dont_fragment = ip_header_bytes(family) + fields.contents > kMayBeFragmented;
  if (family == Family::kIpv4 && !fields.dont_fragment) fields.id = ++last_id;
  put_headers(frame, packet.l4, ends, fields);
}

bool is_translatable_piece(const Packet& packet) noexcept {
  return !packet.v4 || packet.protocol != Protocol::kUdp ||
         reinterpret_cast<const UdpHeader*>(packet.l4)->checksum.raw != 0;
}

void translate_piece(Frame& frame, Packet& packet, const Ends& ends, uint32_t id) noexcept {
  if (packet.piece == Piece::kFirst) rewrite_l4(packet, ends);
  IpFields fields = fields_of(packet);
  fields.id = id;
  fields.place = place_of(packet);
  put_headers(frame, packet.l3 + ip_bytes(packet) - packet.l4_length, ends, fields);
}

std::optional<IcmpHeader> translate_icmp_error(const IcmpHeader& icmp, Family from, Piece piece) noexcept {
  return from == Family::kIpv4 ? to_v6(icmp) : to_v4(icmp, piece);
}

}  // namespace lb
