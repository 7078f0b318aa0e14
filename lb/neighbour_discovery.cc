// SPDX-License-Identifier: MIT
#include "lb/neighbour_discovery.h"

#include <cstring>

#include "lb/checksum.h"

namespace lb {
namespace {

constexpr uint8_t kSourceLinkLayer = 1, kTargetLinkLayer = 2;
constexpr size_t kMessageLength = 24;  // ICMPv6 header, flags, target
constexpr uint8_t kSolicited = 0x40, kOverride = 0x20;

IpAddress all_nodes() {
  const uint8_t bytes[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return IpAddress::v6(bytes);
}

IpAddress solicited_node(const IpAddress& target) {
  uint8_t bytes[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  std::memcpy(bytes + 13, target.bytes() + 13, 3);
  return IpAddress::v6(bytes);
}

// RFC 2464 section 7
MacAddress group_mac(const IpAddress& group) {
  MacAddress mac{{0x33, 0x33}};
  std::memcpy(mac.bytes.data() + 2, group.bytes() + 12, 4);
  return mac;
}

NeighbourFrame message(uint8_t type, uint8_t flags, const MacAddress& to_mac, const IpAddress& to,
                       const MacAddress& from_mac, const IpAddress& from, const IpAddress& target,
                       uint8_t option) {
  NeighbourFrame frame{};
  const EthernetHeader ethernet{to_mac, from_mac, be16::of(kEtherIpv6)};
  std::memcpy(frame.data(), &ethernet, sizeof(ethernet));
  uint8_t* l3 = frame.data() + sizeof(ethernet);
  uint8_t* l4 = l3 + sizeof(Ipv6Header);
  constexpr uint16_t kLength = kMessageLength + 8;
  Ipv6Header ip{
      be32::of(0x60000000), be16::of(kLength), static_cast<uint8_t>(Protocol::kIcmpv6), 255, {}, {}};
  std::memcpy(ip.source.data(), from.bytes(), 16);
  std::memcpy(ip.destination.data(), to.bytes(), 16);
  std::memcpy(l3, &ip, sizeof(ip));
  l4[0] = type;
  l4[4] = flags;
  std::memcpy(l4 + 8, target.bytes(), 16);
  l4[kMessageLength] = option;
  l4[kMessageLength + 1] = 1;  // in units of 8 bytes
  std::memcpy(l4 + kMessageLength + 2, from_mac.bytes.data(), 6);
  const be16 checksum = checksum_of(
      add_bytes(pseudo_header_sum(from, to, static_cast<uint8_t>(Protocol::kIcmpv6), kLength), l4, kLength));
  std::memcpy(l4 + 2, &checksum, 2);
  return frame;
}

}  // namespace

std::optional<NeighbourMessage> read_neighbour_message(const Packet& packet) {
  const uint8_t* l4 = packet.l4;
  const size_t length = packet.l4_length;
  const uint8_t hop_limit = packet.l3[7];
  if (hop_limit != 255 || length < kMessageLength || l4[1] != 0) return std::nullopt;
  const uint64_t pseudo = pseudo_header_sum(packet.src, packet.dst, static_cast<uint8_t>(Protocol::kIcmpv6),
                                            static_cast<uint32_t>(length));
  if (fold_sum(add_bytes(pseudo, l4, length)) != 0xffff) return std::nullopt;
  NeighbourMessage result;
  result.solicitation = l4[0] == icmpv6::kNeighbourSolicitation;
  result.target = IpAddress::v6(l4 + 8);
  if (result.target.bytes()[0] == 0xff || result.target.is_v4()) return std::nullopt;
  const uint8_t wanted = result.solicitation ? kSourceLinkLayer : kTargetLinkLayer;
  for (size_t at = kMessageLength; at < length;) {
    if (length - at < 8) return std::nullopt;
    const size_t option = l4[at + 1] * 8U;
    if (option == 0 || option > length - at) return std::nullopt;
    if (l4[at] == wanted) {
      MacAddress mac;
      std::memcpy(mac.bytes.data(), l4 + at + 2, 6);
      result.mac = mac;
    }
    at += option;
  }
  const bool to_group = packet.dst.bytes()[0] == 0xff;
  if (result.solicitation && packet.src.is_unset() &&
      (result.mac || packet.dst != solicited_node(result.target)))
    return std::nullopt;
  if (!result.solicitation && to_group && (l4[4] & kSolicited) != 0) return std::nullopt;
  return result;
}

NeighbourFrame neighbour_solicitation(const MacAddress& own_mac, const IpAddress& own_ip,
                                      const IpAddress& target) {
  const IpAddress group = solicited_node(target);
  return message(icmpv6::kNeighbourSolicitation, 0, group_mac(group), group, own_mac, own_ip, target,
                 kSourceLinkLayer);
}

NeighbourFrame neighbour_advertisement(const MacAddress& mac, const IpAddress& target,
                                       const MacAddress& asker_mac, const IpAddress& asker, bool solicited) {
  if (!solicited || asker.is_unset())
    return message(icmpv6::kNeighbourAdvertisement, kOverride, group_mac(all_nodes()), all_nodes(), mac,
                   target, target, kTargetLinkLayer);
  return message(icmpv6::kNeighbourAdvertisement, kSolicited | kOverride, asker_mac, asker, mac, target,
                 target, kTargetLinkLayer);
}

}  // namespace lb
