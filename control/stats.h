// SPDX-License-Identifier: MIT
// The workers' counters, summed on read and given names, as the API shows them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/engine.h"
#include "control/load.h"
#include "lb/address.h"
#include "lb/snapshot_spec.h"

namespace control {

class Operations;

// Traffic of one service or one backend since this process began. "in" is client to server.
struct Traffic {
  uint64_t packets_in = 0, bytes_in = 0, packets_out = 0, bytes_out = 0;
  uint64_t flows_opened = 0, flows_closed = 0;

  // Open now. The counters are read while workers count, so the difference may be negative for a moment:
  // shown as 0.
  [[nodiscard]] uint64_t flows_open() const {
    return flows_opened > flows_closed ? flows_opened - flows_closed : 0;
  }
};

// All: control thread; a name that never was in force has no traffic.
Traffic service_traffic(const Engine& engine, const std::string& service);
Traffic backend_traffic(const Engine& engine, const std::string& pool, const lb::Endpoint& backend);

// Reasons to check a backend, as its traffic gave them (lb::FailureCounters).
struct Failures {
  uint64_t refused = 0, unanswered = 0, unreachable = 0;
};
Failures backend_failures(const Engine& engine, const std::string& pool, const lb::Endpoint& backend);

// The fields of `traffic`, with "flows_open".
nlohmann::ordered_json traffic_json(const Traffic& traffic);

// GET /v1/stats: workers, ports, drops (every reason, also those at 0), connection ids, ICE sessions, peeks, srt, streams,
// services and backends.
nlohmann::ordered_json stats_json(const Operations& operations);

// GET /v1/neighbours: next hops and their MAC addresses.
nlohmann::ordered_json neighbours_json(const Engine& engine);

}  // namespace control
