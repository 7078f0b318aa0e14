// SPDX-License-Identifier: MIT
#include "dataplane/buffer_plan.h"

#include "dataplane/device.h"
#include "dataplane/frame_room.h"

namespace dataplane {
namespace {

constexpr unsigned kBufferHead = 384;  // DPDK's own, of each buffer
constexpr unsigned kBesideMb = 64, kBesideWorkerMb = 8;

}  // namespace

std::map<uint32_t, unsigned> rooms_of(const Options& options) {
  std::map<uint32_t, unsigned> rooms;
  for (const PortOptions& port : options.ports) ++rooms[buffer_room(port.device, wanted_mtu(port))];
  return rooms;
}

unsigned packet_memory_mb(const Options& options) {
  uint64_t bytes = 0;
  for (const auto& [room, ports] : rooms_of(options))
    bytes += uint64_t{ports} * kBuffersPerWorker * (room + kBufferHead);
  return kBesideMb + options.workers * (static_cast<unsigned>(bytes >> 20) + kBesideWorkerMb);
}

}  // namespace dataplane
