// SPDX-License-Identifier: MIT
// What a state file is now, without taking it over.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/machine_facts.h"
#include "lb/segment.h"

namespace dataplane {

struct StateFacts {
  std::string path;
  bool exists = false;
  bool ours = true;           // a plain file of this user
  bool locked = false;        // by a cleatd that runs
  bool writable = true;       // it, or the nearest folder above it that is there
  std::string refusal;        // why a start would put it aside; empty: it would take it over, or cannot say
  uint64_t bytes_wanted = 0;  // of a file with the configured tables
  uint64_t bytes_free = 0;    // of its file system; all ones: not known
  Mount mount;
};

// Maps the file for itself alone: nothing is written. now  of CLOCK_BOOTTIME
StateFacts read_state(const std::string& path, const lb::SegmentGeometry& geometry, lb::Now now);

}  // namespace dataplane
