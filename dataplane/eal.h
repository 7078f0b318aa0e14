// SPDX-License-Identifier: MIT
// Start and end of DPDK's environment layer with Cleat's default: no huge pages, no PCI scan, no files left behind. With
// NICs by PCI address: huge pages, for their drivers need them.
#pragma once

#include <string>
#include <vector>

#include "lb/result.h"

namespace dataplane {

struct EalOptions {
  unsigned workers = 1;
  unsigned memory_mb = 256;
  std::vector<std::string> pci;        // addresses of NICs to use; none: the bus is not scanned
  std::vector<std::string> arguments;  // the user's own, last
};

// The cpus that the process may run on; at least one.
std::vector<unsigned> allowed_cpus();

// Those that so many workers run on, of the allowed: one each if there are more than workers and the caller, else all.
std::vector<unsigned> worker_cpus(unsigned workers, const std::vector<unsigned>& allowed);

// Once per process. Lcore 0 is the caller, 1..workers are the workers'. With spare cpus each worker owns one, else they
// float over all allowed cpus.
lb::Status start_eal(const EalOptions& options);
// Ends the EAL and removes its run-time folder.
void stop_eal();

}  // namespace dataplane
