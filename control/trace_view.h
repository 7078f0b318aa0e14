// SPDX-License-Identifier: MIT
// A trace as the API shows it (docs/api.md).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "control/engine.h"
#include "control/trace.h"
#include "lb/snapshot_spec.h"

namespace control {

inline constexpr size_t kTracedPerAnswer = 500;  // packets; with their bytes less than 1 MiB

// The packets from number `after` on, and "next", the number to go on with.
// spec  what the snapshot in force was made of
// cost  at most kTracedPerAnswer packets. Control thread.
nlohmann::ordered_json trace_json(const Engine& engine, const lb::SnapshotSpec& spec,
                                  const PacketTrace& trace, uint64_t after);

}  // namespace control
