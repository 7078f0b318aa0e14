// SPDX-License-Identifier: MIT
#include "dataplane/buffer_plan.h"

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <algorithm>

#include "dataplane/device.h"
#include "dataplane/frame_room.h"

namespace dataplane {
namespace {

constexpr unsigned kBufferHead = 384;  // DPDK's own, of each buffer
constexpr unsigned kBesideMb = 64, kBesideWorkerMb = 8;
constexpr unsigned kCache = 256;

// Without huge pages no buffer begins in one page and ends in another, unless it is larger than a page.
uint64_t buffer_bytes(uint32_t room) {
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t bytes = room + kBufferHead;
  return bytes > page ? (bytes + page - 1) / page * page : page / (page / bytes);
}

}  // namespace

std::map<uint32_t, uint32_t> buffers_of(const Options& options) {
  std::map<uint32_t, uint32_t> buffers;
  for (const PortOptions& port : options.ports)
    buffers[buffer_room(port.device, wanted_mtu(port))] += port.buffers;
  return buffers;
}

unsigned packet_memory_mb(const Options& options) {
  uint64_t bytes = 0;
  for (const auto& [room, buffers] : buffers_of(options)) bytes += buffers * buffer_bytes(room);
  return kBesideMb + options.workers * (static_cast<unsigned>(bytes >> 20) + kBesideWorkerMb);
}

lb::Result<rte_mempool*> make_pool(const std::string& name, uint32_t buffers, uint32_t room) {
  rte_mempool* pool = rte_pktmbuf_pool_create(name.c_str(), buffers, kCache, 0, static_cast<uint16_t>(room),
                                              static_cast<int>(rte_socket_id()));
  if (pool == nullptr)
    return lb::Error{"no memory for " + std::to_string(buffers) +
                     " packet buffers: " + rte_strerror(rte_errno) +
                     "; lower dataplane.workers or a port's mtu or buffers, or free memory"};
  return pool;
}

}  // namespace dataplane
