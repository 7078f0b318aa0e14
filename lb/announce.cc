// SPDX-License-Identifier: MIT
#include "lb/announce.h"

#include "lb/arp.h"
#include "lb/local.h"
#include "lb/neighbour_discovery.h"

namespace lb {

size_t announce(Worker& worker, const Snapshot& snapshot, size_t first) noexcept {
  const auto& addresses = snapshot.addresses.all();
  size_t i = first;
  for (; i < addresses.size(); ++i) {
    if (worker.out.frames().size() + snapshot.ports.size() > OutFrames::kCapacity) break;
    const IpAddress& address = addresses[i].address;
    for (size_t p = 0; p < snapshot.ports.size(); ++p) {
      const auto port = static_cast<PortIndex>(p);
      if (!answers_on(snapshot, address, port)) continue;
      if (address.is_v4())
        worker.out.push(port, arp_announcement(worker.macs[port], address.as_v4()));
      else
        worker.out.push(port, neighbour_advertisement(worker.macs[port], address, {}, {}, false));
    }
  }
  return i;
}

}  // namespace lb
