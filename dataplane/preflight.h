// SPDX-License-Identifier: MIT
// Reads what the dataplane would find at a start, and says what is wrong with it.
#pragma once

#include <vector>

#include "dataplane/finding.h"
#include "dataplane/options.h"

namespace dataplane {

// Starts nothing and changes nothing.
// thread  any, but find_peer() makes more; cost: some hundred system calls
std::vector<Finding> preflight(const Options& options);

}  // namespace dataplane
