// SPDX-License-Identifier: MIT
// The Ethernet devices behind a port: which DPDK driver, and the receive and transmit queue of each worker.
#pragma once

#include <rte_mempool.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/grant.h"
#include "dataplane/interface_facts.h"
#include "dataplane/interface_lock.h"
#include "dataplane/options.h"
#include "lb/address.h"
#include "lb/result.h"

namespace dataplane {

// One receive and one transmit queue of the same number, for one worker alone.
struct Queue {
  uint16_t device = 0;  // DPDK's port id
  uint16_t number = 0;
  int wake_file = -1;  // readable while a frame waits in it; -1: there is none
};

struct Device {
  std::string driver;     // "net_af_xdp"
  std::string interface;  // the kernel's, empty if there is none
  std::string fallback;   // why the driver is not the first choice; empty if it is
  lb::MacAddress mac{};
  uint16_t mtu = 1500;  // the largest IP packet; kMostMtu at most
  std::vector<Queue> queues;
  InterfaceLock lock;  // of the interface
  Grant grant;
};

// The kernel interface that a port's `device` names ("veth:eth1", "packet:eth1"); empty for other forms.
std::string_view interface_of(std::string_view device);
// The PCI address that it names ("pci:0000:3b:00.0"); empty for other forms.
std::string_view pci_address_of(std::string_view device);

// The MTU that the port will have: the configuration's, the interface's, or 1,500; kMostMtu at most.
uint16_t wanted_mtu(const PortOptions& port);

// Makes ready and starts the device of one port, a queue for each worker.
//
// index   of the port: part of the DPDK device names
// pools   by queue: its worker's buffer pool, into which it receives
// error   one line that names the port and, where there is one, the command that mends it
// thread  control, after start_eal(); root or CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF for kernel interfaces
lb::Result<Device> open_device(const PortOptions& port, unsigned index, std::span<rte_mempool* const> pools);

// cost  a system call, or what the driver's register reads cost. thread: control, also while workers are at it
LinkState link_of(const Device& device);

// A tap for the kernel's own traffic, with the MAC address and MTU of `of`, but 1,500 at most, one queue for each worker.
lb::Result<Device> open_tap(const std::string& name, unsigned index, const Device& of,
                            std::span<rte_mempool* const> pools);

// Stops and closes it. Takes an XDP program off its interface.
void close_device(const Device& device);

}  // namespace dataplane
