// SPDX-License-Identifier: MIT
#include "lb/ip_header.h"

#include "lb/checksum.h"
#include "lb/wire.h"

namespace lb {

namespace {

constexpr uint16_t kDontFragmentV4 = 0x4000, kMoreV4 = 0x2000, kOffsetV4 = 0x1fff, kMoreV6 = 1;
constexpr unsigned kOffsetV6At = 3;

uint16_t fragment_field_v4(const IpFields& fields) {
  return static_cast<uint16_t>((fields.dont_fragment ? kDontFragmentV4 : 0U) |
                               (fields.place.more ? kMoreV4 : 0U) | fields.place.offset);
}

uint8_t* put_fragment_header(uint8_t* at, const IpFields& fields) {
  Ipv6FragmentHeader header{};
  header.next_header = fields.protocol;
  header.offset_flags = be16::of(
      static_cast<uint16_t>(fields.place.offset << kOffsetV6At | (fields.place.more ? kMoreV6 : 0U)));
  header.id = be32::of(fields.id);
  std::memcpy(at, &header, sizeof(header));
  return at + sizeof(header);
}

}  // namespace

uint8_t* put_ip_header(uint8_t* at, const IpAddress& from, const IpAddress& to,
                       const IpFields& fields) noexcept {
  if (from.is_v4()) {
    Ipv4Header ip{};
    ip.version_ihl = 0x45;
    ip.tos = fields.tos;
    ip.total_length = be16::of(static_cast<uint16_t>(sizeof(ip) + fields.contents));
    ip.id = be16::of(static_cast<uint16_t>(fields.id));
    ip.fragment = be16::of(fragment_field_v4(fields));
    ip.ttl = fields.ttl;
    ip.protocol = fields.protocol;
    ip.source = from.as_v4();
    ip.destination = to.as_v4();
    ip.checksum = checksum_of(add_bytes(0, reinterpret_cast<const uint8_t*>(&ip), sizeof(ip)));
    std::memcpy(at, &ip, sizeof(ip));
    return at + sizeof(ip);
  }
  constexpr uint8_t kFragment = 44;
  const bool piece = is_piece(fields.place);
  Ipv6Header ip{};
  ip.version_class_flow = be32::of(0x60000000U | uint32_t{fields.tos} << 20);
  ip.payload_length = be16::of(static_cast<uint16_t>(fields.contents + (piece ? kFragmentHeaderBytes : 0)));
  ip.next_header = piece ? kFragment : fields.protocol;
  ip.hop_limit = fields.ttl;
  std::memcpy(ip.source.data(), from.bytes(), 16);
  std::memcpy(ip.destination.data(), to.bytes(), 16);
  std::memcpy(at, &ip, sizeof(ip));
  at += sizeof(ip);
  return piece ? put_fragment_header(at, fields) : at;
}

PiecePlace place_of(const Packet& packet) noexcept {
  if (packet.v4) {
    const uint16_t field = reinterpret_cast<const Ipv4Header*>(packet.l3)->fragment.host();
    return {static_cast<uint16_t>(field & kOffsetV4), (field & kMoreV4) != 0};
  }
  const uint16_t field =
      reinterpret_cast<const Ipv6FragmentHeader*>(packet.fragment_header)->offset_flags.host();
  return {static_cast<uint16_t>(field >> kOffsetV6At), (field & kMoreV6) != 0};
}

void begin_frame_at(Frame& frame, uint8_t* ip, Family family) noexcept {
  uint8_t* const begin = ip - sizeof(EthernetHeader);
  const EthernetHeader ethernet{{}, {}, be16::of(family == Family::kIpv4 ? kEtherIpv4 : kEtherIpv6)};
  std::memcpy(begin, &ethernet, sizeof(ethernet));
  const auto moved = frame.data - begin;
  frame.data = begin;
  frame.length = static_cast<uint16_t>(frame.length + moved);
  frame.headroom = static_cast<uint16_t>(frame.headroom - moved);
}

}  // namespace lb
