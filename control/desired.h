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

// What checks say of a backend, and how much of its weight it takes yet.
struct Standing {
  bool healthy = true;
  uint32_t share_percent = 100;  // 1..100; less during a slow start
  // Since when it answers no check, nor sends anything else, in the dataplane's time; 0: it does, or refuses.
  uint64_t unanswered_ms = 0;
  bool silent = false;  // it is down by that, and has sent nothing for a second
};
// Asked once for each backend of a pool, added ones included.
using StandingOf = std::function<Standing(const std::string& pool, const lb::Endpoint& backend)>;

// What became of a pool's health.
struct PoolVerdict {
  std::string pool;
  size_t eligible = 0;   // backends that would take new sessions if all were healthy
  size_t down = 0;       // of them
  bool panic = false;    // too many: health is ignored, and all eligible ones take their whole weight
  bool cut_off = false;  // so it would be if who answers nothing now were down: no flow is reset
  uint32_t scale = 1;    // weights of the spec are the operator's times this
};

struct Desired {
  lb::SnapshotSpec spec;
  std::vector<PoolVerdict> verdicts;  // one for each pool, in the spec's order
};

// The spec to publish. A backend's weight is the override's, else the file's, of which it takes a share during its slow
// start; 0 while it drains or is not healthy, unless the pool is in panic. Backends stand in the file's order, added ones
// behind them in the overrides'. Overrides of pools that the file does not have, and of backends that neither the file has
// nor an operator added, change nothing.
Desired desired_state(const Config& config, const Overrides& overrides, const StandingOf& standing_of);

// The ports of the spec alone.
std::vector<lb::PortSpec> port_specs(const Config& config);

}  // namespace control
