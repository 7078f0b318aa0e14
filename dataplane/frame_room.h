// SPDX-License-Identifier: MIT
// How large a buffer must be for the frames of a port, and which frames a driver takes.
#pragma once

#include <cstdint>
#include <string_view>

namespace dataplane {

// What no driver of ours is asked to exceed.
inline constexpr uint16_t kMostMtu = 9600;

// The largest MTU of an AF_XDP socket: a frame lies in one page, behind the kernel's headroom and DPDK's buffer head.
uint16_t af_xdp_most_mtu();

// Bytes of a frame with a VLAN tag and what AF_PACKET puts before it, for an IP packet of `mtu` bytes: 2,048 times a
// whole number, so that frames fill AF_PACKET's blocks. mtu above kMostMtu counts as that.
uint32_t frame_bytes(uint32_t mtu);

// Bytes of a buffer's data room, headroom included, for frames that `device` (a port's, as in the configuration) brings.
uint32_t buffer_room(std::string_view device, uint32_t mtu);

}  // namespace dataplane
