// SPDX-License-Identifier: MIT
// A kernel network interface that DPDK is about to use, or a tap of ours: links, addresses, routes (rtnetlink by
// libnl-route-3), queues and offloads (ethtool).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/address.h"
#include "lb/result.h"

namespace dataplane {

// Makes `interface` ready for AF_XDP or AF_PACKET: it exists, is up, carries none of `addresses` (they belong to the
// punt tap), has exactly `queues` active receive queues, segmentation and checksum offloads are off, and the kernel's own
// IP keeps quiet on it (no IPv6, ARP, forwarding), for AF_PACKET hands it a copy of every frame.
// queues  0: as many as there are
// error   names the interface and the command that mends it
lb::Status prepare_interface(const std::string& interface, unsigned queues,
                             const std::vector<lb::Prefix>& addresses);

// How many receive queues the interface can have at most; 1 if its driver cannot say, or if there is none.
unsigned possible_queues(const std::string& interface);

// The largest IP packet that the interface sends, in bytes; nullopt if there is no such interface.
std::optional<uint16_t> mtu_of(const std::string& interface);

// Gives a tap its addresses and default gateways and takes it up. Router advertisements and duplicate address detection
// are off on it.
lb::Status configure_tap(const std::string& tap, const std::vector<lb::Prefix>& addresses,
                         const std::optional<lb::IpAddress>& gateway_v4,
                         const std::optional<lb::IpAddress>& gateway_v6);

// Takes an XDP program off that an earlier process left.
void detach_xdp(const std::string& interface);

}  // namespace dataplane
