// SPDX-License-Identifier: MIT
// Which packets an operator wants to see. Part of a snapshot while a trace runs (lb/trace.h), absent otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "lb/address.h"
#include "lb/drop_reason.h"
#include "lb/limits.h"

namespace lb {

enum class Protocol : uint8_t;
class TraceRings;
struct TraceRecord;

// Every condition that is given must hold; what is not known of a packet holds for none.
struct TraceFilter {
  std::optional<IpAddress> client;
  uint16_t client_port = 0;     // 0: any
  std::optional<Endpoint> vip;  // port 0: any
  std::optional<Protocol> protocol;
  std::optional<Endpoint> backend;  // port 0: any
  std::optional<DropReason> reason;
  bool drops_only = false;
  uint16_t snaplen = 0;  // bytes kept of each frame as it came and as it left, 0..TraceRecord::kMaxBytes
};

// As control asks for it.
struct TraceSpec {
  TraceFilter filter;
  std::string service;                // "": any
  std::shared_ptr<TraceRings> rings;  // never null; one for each worker
};

// As workers read it.
struct Trace {
  TraceFilter filter;
  std::optional<ServiceId> service;
  // What is behind it changes while the snapshot does not: each worker writes its own ring.
  std::shared_ptr<TraceRings> rings;
};

// record  complete but for bytes
bool matches(const Trace& trace, const TraceRecord& record) noexcept;

}  // namespace lb
