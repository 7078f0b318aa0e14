// SPDX-License-Identifier: MIT
// A kernel network interface that DPDK is about to use, or a tap of ours, made ready: links, addresses, routes (rtnetlink by
// libnl-route-3), queues and offloads (ethtool). What it is before, dataplane/interface_facts.h reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/options.h"
#include "lb/address.h"
#include "lb/result.h"

namespace dataplane {

// Makes the port's `interface` ready for AF_XDP or AF_PACKET: it has the port's MTU, if that says one, is up, carries none of
// the port's addresses (they belong to the punt tap), has exactly `workers` active receive queues (packet: ports: as many as
// there are), segmentation and checksum offloads are off, and the kernel's own IP keeps quiet on it (no IPv6, ARP,
// forwarding), for AF_PACKET hands it a copy of every frame.
// error   names the interface and the command that mends it: a finding of dataplane/interface_findings.h
lb::Status prepare_interface(const PortOptions& port, const std::string& interface, unsigned workers);

// Also of a tap. mtu  68..65,535
lb::Status set_mtu(const std::string& interface, uint16_t mtu);

// Gives a tap its addresses and default gateways and takes it up. Router advertisements and duplicate address detection
// are off on it.
lb::Status configure_tap(const std::string& tap, const std::vector<lb::Prefix>& addresses,
                         const std::optional<lb::IpAddress>& gateway_v4,
                         const std::optional<lb::IpAddress>& gateway_v6);

// Takes an XDP program off that an earlier process left.
void detach_xdp(const std::string& interface);

}  // namespace dataplane
