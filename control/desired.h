// SPDX-License-Identifier: MIT
// Configuration, operator's overrides and health made one: what is to be in force.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/overrides.h"
#include "lb/address.h"
#include "lb/snapshot_spec.h"

namespace control {

// Asked once for each backend of a pool, added ones included.
using Healthy = std::function<bool(const std::string& pool, const lb::Endpoint& backend)>;

// The spec to publish. A backend's weight is the override's, else the file's; 0 while it drains or is not
// healthy. Backends stand in the file's order, added ones behind them in the overrides'. Overrides of pools
// that the file does not have, and of backends that neither the file has nor an operator added, change
// nothing.
lb::SnapshotSpec desired_state(const Config& config, const Overrides& overrides, const Healthy& healthy);

// The ports of the spec alone.
std::vector<lb::PortSpec> port_specs(const Config& config);

}  // namespace control
