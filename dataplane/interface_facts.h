// SPDX-License-Identifier: MIT
// What a kernel network interface is now: read, nothing is changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/address.h"

namespace dataplane {

// The other end of a veth.
struct PeerFacts {
  std::string name;
  std::string reach;                  // what a shell puts before a command to run it there; empty: here
  std::vector<std::string> offloads;  // as InterfaceFacts::offloads
  unsigned transmit_queues = 1;
  uint32_t mtu = 0;
};

struct InterfaceFacts {
  std::string name;
  bool exists = false;   // if not, nothing else holds
  bool up = false;       // taken up
  bool carrier = false;  // a link is there
  std::string kind;      // "veth", "bridge", ...; empty: a NIC
  uint32_t mtu = 0;
  std::vector<lb::Prefix> addresses;             // without IPv6 addresses of the link
  std::optional<lb::IpAddress> default_gateway;  // of a default route that leaves by it
  std::vector<std::string> offloads;  // those that are on and spoil frames for us, by ethtool -K's names
  unsigned queues = 1, possible_queues = 1;  // to receive from: active, and at most
  bool combined = false;                     // they are counted together with those that send
  uint32_t xdp_program = 0;                  // id; 0: none
  std::string xdp_name;                      // empty: not known
  // read_interface() leaves these two alone.
  bool locked = false;            // a cleatd works on it: InterfaceLock::is_taken()
  std::optional<PeerFacts> peer;  // find_peer()
};

// All of it but `locked` and `peer`.
// cost  some system calls. thread: control
InterfaceFacts read_interface(const std::string& name);

// Finds the other end of a veth, in this network namespace or in one that ip-netns(8) knows (wants CAP_SYS_ADMIN). Leaves
// `peer` empty if it is nowhere there.
// cost  a thread and some system calls for each namespace
void find_peer(InterfaceFacts& facts);

// Addresses of all interfaces of this network namespace, with their interface's name.
struct KernelAddress {
  lb::Prefix prefix;
  std::string interface;
};
std::vector<KernelAddress> kernel_addresses();

// The largest IP packet that the interface sends, in bytes, 65,535 at most; nullopt if there is no such interface.
std::optional<uint16_t> mtu_of(const std::string& interface);

// How many receive queues it can have at most; 1 if its driver cannot say, or if there is none.
unsigned possible_queues(const std::string& interface);

struct LinkState {
  bool up = true;
  uint32_t speed_mbps = 0;  // 0: not known
};
// As the kernel sees it. An interface that is gone is down.
LinkState kernel_link(const std::string& interface);

}  // namespace dataplane
