// SPDX-License-Identifier: MIT
// What a DPDK driver granted of what was asked of it, in words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dataplane {

struct Grant {
  // Packet types whose queue is chosen by a hash of addresses and ports ("ipv4-udp"); nothing is asked for one queue alone.
  std::vector<std::string> rss_asked, rss_granted;
  // DPDK's names. Cleat asks for none: it changes checksums by what changed and leaves VLAN tags where they are.
  std::vector<std::string> offloads_asked, offloads_granted;
  int numa_node = -1;  // of the device; -1: none, or not known
};

// The packet types that Cleat wants spread over queues by addresses and ports.
uint64_t wanted_rss();

// thread  control, after the device `id` was started. rss_asked  0 if it has one queue
Grant grant_of(uint16_t id, uint64_t rss_asked);

}  // namespace dataplane
