// SPDX-License-Identifier: MIT
// What the dataplane is told at start; tools/cleatd fills it from the config.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/address.h"
#include "lb/peeks.h"
#include "lb/segment.h"
#include "lb/vlan.h"

namespace dataplane {

// Enough for the rings of a queue, bursts and held frames. One less than a power of two suits DPDK's pools best.
inline constexpr uint32_t kUsualBuffers = 8191;

struct PortOptions {
  std::string name;
  std::string
      device;  // "veth:IF", "nic:IF", "packet:IF", "pci:ADDRESS" or raw DPDK devargs ("net_pcap0,rx_pcap=...")
  std::vector<lb::Prefix> addresses;
  std::optional<lb::IpAddress> gateway_v4, gateway_v6;
  lb::PortTag tag;
  uint16_t mtu = 0;                  // 1,280..9,600; 0: the interface's, 1,500 without one
  uint32_t buffers = kUsualBuffers;  // packet buffers of each worker for this port; 8,191 at least
};

struct Options {
  unsigned workers = 0;  // 1..64; 0: default_workers()
  bool punt = true;
  std::vector<PortOptions> ports;
  std::string state_file;
  lb::SegmentGeometry geometry;
  uint32_t peeks = lb::Peeks::kDefaultCount;  // lb::Peeks
  std::vector<std::string> eal_arguments;     // added to Cleat's own
};

}  // namespace dataplane
