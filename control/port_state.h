// SPDX-License-Identifier: MIT
// What control shows of a port beside its counters: its device, what the driver granted of what was asked, and its link.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace control {

struct PortState {
  // All but the last two stay as they were at start.
  std::string driver, device, interface, mac;  // interface: the kernel's; empty if there is none
  uint16_t mtu = 0;                            // the largest IP packet, in bytes
  unsigned queues = 0;                         // of either direction, one for each worker
  int numa_node = -1;                          // -1: none, or not known
  // Packet types whose receive queue is chosen by a hash of addresses and ports; offloads in force.
  std::vector<std::string> rss_asked, rss_granted, offloads_asked, offloads_granted;

  bool up = true;
  uint32_t speed_mbps = 0;  // 0: not known
};

}  // namespace control
