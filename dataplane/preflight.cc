// SPDX-License-Identifier: MIT
#include "dataplane/preflight.h"

#include <bpf/libbpf.h>

#include "dataplane/buffer_plan.h"
#include "dataplane/clock.h"
#include "dataplane/device.h"
#include "dataplane/eal.h"
#include "dataplane/interface_findings.h"
#include "dataplane/machine_findings.h"
#include "dataplane/pci_findings.h"
#include "dataplane/state_findings.h"
#include "dataplane/worker_count.h"

namespace dataplane {
namespace {

void append(std::vector<Finding>& to, std::vector<Finding> more) {
  for (Finding& finding : more) to.push_back(std::move(finding));
}

std::vector<Finding> port_findings(const PortOptions& port, unsigned workers,
                                   const std::vector<unsigned>& cpus) {
  if (const std::string address(pci_address_of(port.device)); !address.empty())
    return pci_findings(port.name, read_pci(address), worker_cpus(workers, cpus));
  const std::string interface(interface_of(port.device));
  if (interface.empty()) return {};
  InterfaceFacts facts = read_interface(interface);
  facts.locked = InterfaceLock::is_taken(interface);
  find_peer(facts);
  return interface_findings(port, workers, facts);
}

// A packet that came by a port of large frames does not leave by one of small: who sent it is told.
void unequal_mtus(const Options& options, std::vector<Finding>& found) {
  for (const PortOptions& port : options.ports) {
    const PortOptions& first = options.ports.front();
    const uint16_t a = wanted_mtu(first), b = wanted_mtu(port);
    if (a == b) continue;
    const PortOptions& larger = a > b ? first : port;
    found.push_back({Severity::kNote, "port " + larger.name,
                     "port " + first.name + " has an MTU of " + std::to_string(a) + ", port " + port.name +
                         " of " + std::to_string(b) +
                         ": what is larger than the smaller is answered \"too big\"",
                     "", "mtu: " + std::to_string(std::min(a, b))});
  }
}

}  // namespace

std::vector<Finding> preflight(const Options& given) {
  libbpf_set_print(nullptr);
  Options options = given;
  if (options.workers == 0) options.workers = default_workers(options.ports);
  const MachineFacts machine = read_machine();
  std::vector<Finding> found;
  for (const PortOptions& port : options.ports)
    append(found, port_findings(port, options.workers, machine.cpus));
  unequal_mtus(options, found);
  append(found, machine_findings(options, packet_memory_mb(options), machine));
  append(found, state_findings(read_state(options.state_file, options.geometry, boot_time())));
  return found;
}

}  // namespace dataplane
