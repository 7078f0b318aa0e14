// SPDX-License-Identifier: MIT
// IPv6 neighbour discovery (RFC 4861): reading and writing neighbour solicitations and advertisements.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lb/address.h"
#include "lb/packet.h"
#include "lb/wire.h"

namespace lb {

// A solicitation or advertisement that passed the checks of RFC 4861 sections 7.1.1 and 7.1.2.
struct NeighbourMessage {
  bool solicitation = false;
  IpAddress target;
  std::optional<MacAddress> mac;  // source or target link-layer address option
};

// packet   kIp, ICMPv6, type 135 or 136; only its proved bytes are read
// returns  nullopt when a check fails: hop limit 255, code 0, checksum, lengths of all options, target not a group,
//          duplicate address detection to the solicited-node group only, nothing solicited to a group
std::optional<NeighbourMessage> read_neighbour_message(const Packet& packet);

// Ethernet + IPv6 + 24 bytes of message + one link-layer address option.
using NeighbourFrame = std::array<uint8_t, sizeof(EthernetHeader) + sizeof(Ipv6Header) + 24 + 8>;

// Who has `target`? To its solicited-node group. own_ip may not be unset.
NeighbourFrame neighbour_solicitation(const MacAddress& own_mac, const IpAddress& own_ip,
                                      const IpAddress& target);

// `target` is at `mac`. To `asker`, or to all nodes when the asker has no address yet (duplicate address detection) or
// nobody asked (solicited false).
NeighbourFrame neighbour_advertisement(const MacAddress& mac, const IpAddress& target,
                                       const MacAddress& asker_mac, const IpAddress& asker, bool solicited);

}  // namespace lb
