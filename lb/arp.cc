// SPDX-License-Identifier: MIT
#include "lb/arp.h"

#include <cstring>

namespace lb {
namespace {

constexpr MacAddress kBroadcast{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

ArpFrame arp_frame(const MacAddress& to, const MacAddress& from, const ArpPacket& packet) {
  const EthernetHeader ethernet{to, from, be16::of(kEtherArp)};
  ArpFrame frame;
  std::memcpy(frame.data(), &ethernet, sizeof(ethernet));
  std::memcpy(frame.data() + sizeof(ethernet), &packet, sizeof(packet));
  return frame;
}

ArpPacket arp_packet(uint16_t operation, const MacAddress& sender_mac, be32 sender_ip,
                     const MacAddress& target_mac, be32 target_ip) {
  return {be16::of(1), be16::of(kEtherIpv4), 6,        4, be16::of(operation), sender_mac,
          sender_ip,   target_mac,           target_ip};
}

}  // namespace

ArpFrame arp_request(const MacAddress& own_mac, be32 own_ip, be32 target) {
  return arp_frame(kBroadcast, own_mac, arp_packet(kArpRequest, own_mac, own_ip, {}, target));
}

ArpFrame arp_reply(const MacAddress& mac, be32 ip, const MacAddress& asker_mac, be32 asker_ip) {
  return arp_frame(asker_mac, mac, arp_packet(kArpReply, mac, ip, asker_mac, asker_ip));
}

ArpFrame arp_announcement(const MacAddress& mac, be32 ip) {
  return arp_frame(kBroadcast, mac, arp_packet(kArpRequest, mac, ip, {}, ip));
}

}  // namespace lb
