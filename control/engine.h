// SPDX-License-Identifier: MIT
// What control needs of whatever moves the packets. tools/cleatd fills it with the dataplane, tests with
// plain memory: control and dataplane never include each other.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "control/port_state.h"
#include "lb/counters.h"
#include "lb/neighbours.h"
#include "lb/peeks.h"
#include "lb/result.h"
#include "lb/segment.h"
#include "lb/snapshot.h"
#include "lb/snapshot_spec.h"

namespace control {

// All calls are made from the control thread.
struct Engine {
  // Compiles and publishes; returns the new generation. On an error the snapshot in force stays.
  std::function<lb::Result<uint64_t>(const lb::SnapshotSpec&)> publish;
  // The snapshot in force; valid until the next publish().
  std::function<const lb::Snapshot*()> snapshot;
  // Milliseconds of CLOCK_BOOTTIME, the dataplane's time.
  std::function<lb::Now()> now;
  lb::Segment* segment = nullptr;
  const lb::Neighbours* neighbours = nullptr;
  const lb::Peeks* peeks = nullptr;  // null: none are made
  std::vector<const lb::WorkerCounters*> workers;
  uint64_t tsc_hz = 1'000'000'000;  // cycles of lb::LoadCounters in a second
  std::vector<std::string> port_names;
  // By port, as in port_names. Asks the devices for their links. Empty: nothing is known of ports.
  std::function<std::vector<PortState>()> ports;
};

}  // namespace control
