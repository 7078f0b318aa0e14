// SPDX-License-Identifier: MIT
// Enters what a server says it has into the table of streams, so that players find a stream that was published past Cleat, or to
// another Cleat.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/engine.h"
#include "lb/address.h"
#include "lb/snapshot_spec.h"

namespace control {

struct LearnedCounts {
  uint64_t learned = 0;  // streams that were not known
  uint64_t moved = 0;    // that were another server's, and nobody published them there
  uint64_t conflicts =
      0;  // that another server's publisher, or another server's word, holds: nothing changed
  uint64_t no_room = 0;
};

// Both: names as published_streams() gives them; those that no service leads to that pool, and a backend that it has not, are passed
// over. Control thread, while workers go on
// spec     what the snapshot in force was made of
LearnedCounts learn_streams(const Engine& engine, const lb::SnapshotSpec& spec, const std::string& pool,
                            const lb::Endpoint& backend, const std::vector<std::string>& names);
// The server does not say what it has now: those of `names` that are still its are not forgotten, nor called published.
void keep_streams(const Engine& engine, const lb::SnapshotSpec& spec, const std::string& pool,
                  const lb::Endpoint& backend, const std::vector<std::string>& names);

}  // namespace control
