// SPDX-License-Identifier: MIT
// What keeps DPDK from a PCI device, or its user from the machine. Pure.
#pragma once

#include <vector>

#include "dataplane/finding.h"
#include "dataplane/pci_facts.h"

namespace dataplane {

// port     its name in the configuration
// workers  the cpus that they run on
std::vector<Finding> pci_findings(const std::string& port, const PciFacts& facts,
                                  const std::vector<unsigned>& workers);

}  // namespace dataplane
