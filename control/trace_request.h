// SPDX-License-Identifier: MIT
// What an operator asks to see of the packets that pass (POST /v1/trace), read and checked.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lb/result.h"
#include "lb/snapshot_spec.h"

namespace control {

inline constexpr uint32_t kMaxTracedPackets = 10'000;  // kept until the trace is gone, some 600 bytes each
inline constexpr uint32_t kMaxTraceSeconds = 3600;

struct TraceRequest {
  lb::TraceFilter filter;
  std::string service;     // "": any
  uint32_t packets = 100;  // 1..kMaxTracedPackets; after so many it ends
  uint32_t seconds = 10;   // 1..kMaxTraceSeconds; after so long it ends

  // body  client, port, vip, service, backend, reason, drops_only, packets, seconds, snaplen as docs/api.md says
  // spec  in force: services are looked for there
  // error one line, the field's name first
  static lb::Result<TraceRequest> of(const nlohmann::ordered_json& body, const lb::SnapshotSpec& spec);
};

}  // namespace control
