// SPDX-License-Identifier: MIT
// The streams of the state segment, as the API shows them: which server has each, and whether somebody publishes it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "control/engine.h"
#include "lb/address.h"
#include "lb/result.h"
#include "lb/snapshot_spec.h"

namespace control {

inline constexpr unsigned kMaxStreamsShown = 1000;

// Which streams are wanted; a field that is not given lets all through.
struct StreamFilter {
  std::string service;                  // those that its clients may be led to: of its pool and its routes'
  std::string prefix;                   // of the name: "customer.a/", "/live/"
  std::optional<lb::Endpoint> backend;  // port 0: any port of that address
  uint64_t after = 0;                   // records before this one are passed over
  unsigned limit = 100;                 // streams in one answer, 1..kMaxStreamsShown

  // fields  service, prefix, backend, after, limit as a query gives them. error  one line
  static lb::Result<StreamFilter> of(const std::map<std::string, std::string>& fields);
};

// GET /v1/streams: "streams", and "next": where to go on (`after`), null when all records were looked at. Workers go on
// meanwhile; a stream that changes while it is read is passed over.
// cost  at most 131,072 records, a cache line each, so some 10 ms. Control thread
nlohmann::ordered_json streams_json(const Engine& engine, const lb::SnapshotSpec& spec,
                                    const StreamFilter& filter);

}  // namespace control
