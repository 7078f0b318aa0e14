// SPDX-License-Identifier: MIT
// ARP for Ethernet and IPv4 (RFC 826): writing requests and replies.
#pragma once

#include <array>
#include <cstdint>

#include "lb/address.h"
#include "lb/wire.h"

namespace lb {

inline constexpr uint16_t kArpRequest = 1, kArpReply = 2;
using ArpFrame = std::array<uint8_t, sizeof(EthernetHeader) + sizeof(ArpPacket)>;

// Who has `target`? Broadcast. REQUIRES: both addresses IPv4; own_ip may be 0.0.0.0 (a probe, RFC 5227).
ArpFrame arp_request(const MacAddress& own_mac, be32 own_ip, be32 target);

// `ip` is at `mac`, told to one asker.
ArpFrame arp_reply(const MacAddress& mac, be32 ip, const MacAddress& asker_mac, be32 asker_ip);

// `ip` is at `mac`, told to everybody: a gratuitous request (RFC 5227 section 3).
ArpFrame arp_announcement(const MacAddress& mac, be32 ip);

}  // namespace lb
