// SPDX-License-Identifier: MIT
#include "dataplane/frame_room.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <unistd.h>

#include <algorithm>

namespace dataplane {
namespace {

constexpr uint32_t kEthernet = 14 + 4;  // with a VLAN tag
constexpr uint32_t kPacketHead = 128;   // of AF_PACKET: its header, an address, alignment
constexpr uint32_t kXdpHeadroom = 256;  // XDP_PACKET_HEADROOM
constexpr uint32_t kFrameUnit = 2048;

uint32_t page_bytes() { return static_cast<uint32_t>(::sysconf(_SC_PAGESIZE)); }

// A buffer with its head must not be larger than a page (xdp_umem_reg), nor when DPDK has made it an odd number of cache lines
// long, so that heads spread over memory channels.
uint32_t af_xdp_room() {
  return page_bytes() - RTE_CACHE_LINE_SIZE - static_cast<uint32_t>(sizeof(rte_mbuf)) -
         static_cast<uint32_t>(RTE_CACHE_LINE_ROUNDUP(sizeof(rte_mempool_objhdr)));
}

}  // namespace

uint16_t af_xdp_most_mtu() {
  return static_cast<uint16_t>(af_xdp_room() - RTE_PKTMBUF_HEADROOM - kXdpHeadroom - kEthernet);
}

uint32_t frame_bytes(uint32_t mtu) {
  const uint32_t bytes = std::min<uint32_t>(mtu, kMostMtu) + kEthernet + kPacketHead;
  return (bytes + kFrameUnit - 1) / kFrameUnit * kFrameUnit;
}

uint32_t buffer_room(std::string_view device, uint32_t mtu) {
  const bool xdp = device.starts_with("veth:") || device.starts_with("nic:");
  if (xdp && mtu <= af_xdp_most_mtu() && frame_bytes(mtu) > kFrameUnit) return af_xdp_room();
  return frame_bytes(mtu) + RTE_PKTMBUF_HEADROOM;
}

}  // namespace dataplane
