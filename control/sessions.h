// SPDX-License-Identifier: MIT
// The ICE sessions of the state segment, as the API shows them: whose each is, how its server was found, where its client is.
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

inline constexpr unsigned kMaxSessionsShown = 1000;
inline constexpr uint32_t kRecordsPerRequest = 1U << 17;  // looked at; a cache line each, so some 10 ms

// Which sessions are wanted; a field that is not given lets all through.
struct SessionFilter {
  std::string service;
  std::optional<lb::Endpoint> backend;  // port 0: any port of that address
  std::optional<std::string> username;  // the whole of it: looked up by name, one record of each pool at most
  uint64_t after = 0;                   // records before this one are passed over
  unsigned limit = 100;                 // sessions in one answer, 1..kMaxSessionsShown

  // fields  service, backend, username, after, limit as a query gives them. error  one line
  static lb::Result<SessionFilter> of(const std::map<std::string, std::string>& fields);
};

// GET /v1/sessions: "sessions", and "next": where to go on (`after`), null when all records were looked at. Workers go on
// meanwhile: a session that changes while it is read is read again, and passed over if it does not stand still.
// cost  at most kRecordsPerRequest records. Control thread.
nlohmann::ordered_json sessions_json(const Engine& engine, const lb::SnapshotSpec& spec,
                                     const SessionFilter& filter);

}  // namespace control
