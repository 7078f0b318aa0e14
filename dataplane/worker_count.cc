// SPDX-License-Identifier: MIT
#include "dataplane/worker_count.h"

#include <algorithm>
#include <vector>

#include "dataplane/device.h"
#include "dataplane/eal.h"
#include "dataplane/interface_facts.h"

namespace dataplane {

unsigned default_workers(std::span<const unsigned> queues, unsigned cpus) {
  const bool apart = queues.size() >= 2 && std::ranges::all_of(queues, [](unsigned q) { return q >= 2; });
  return apart && cpus >= 2 ? 2 : 1;
}

unsigned default_workers(std::span<const PortOptions> ports) {
  std::vector<unsigned> queues;
  for (size_t i = 0; i < ports.size(); ++i) {
    const PortOptions& port = ports[i];
    if (port.tag.device != i) continue;
    const auto interface = interface_of(port.device);
    queues.push_back(interface.empty() ? 0 : possible_queues(std::string(interface)));
  }
  return default_workers(queues, static_cast<unsigned>(allowed_cpus().size()));
}

}  // namespace dataplane
