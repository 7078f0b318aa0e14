// SPDX-License-Identifier: MIT
// What the machine lacks for a configuration. Pure.
#pragma once

#include <vector>

#include "dataplane/finding.h"
#include "dataplane/machine_facts.h"
#include "dataplane/options.h"

namespace dataplane {

// REQUIRES: options.workers is not 0. memory_mb  packet_memory_mb(options)
std::vector<Finding> machine_findings(const Options& options, unsigned memory_mb, const MachineFacts& facts);

}  // namespace dataplane
