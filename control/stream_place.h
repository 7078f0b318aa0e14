// SPDX-License-Identifier: MIT
// Where an operator's words for a stream lead: service, key and pool, as the workers would have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "control/engine.h"
#include "control/operations.h"
#include "lb/address.h"
#include "lb/snapshot.h"
#include "lb/snapshot_spec.h"
#include "lb/stream_key.h"

namespace control {

// Valid as long as the engine's snapshot.
struct StreamPlace {
  const lb::Service* service = nullptr;
  const lb::Pool* pool = nullptr;
  const lb::PoolSpec* pool_spec = nullptr;
  lb::StreamKey key;
  std::string route;  // lb::StreamRules::route_of(); "": the service's own pool

  // spec     what the snapshot in force was made of
  // service  one of affinity stream
  // stream   as GET /v1/streams shows it, or a URL as clients use it
  // returns  or why not: no such service, or no stream
  static std::variant<StreamPlace, Refusal> of(const Engine& engine, const lb::SnapshotSpec& spec,
                                               const std::string& service, const std::string& stream);
};

// `VHOST/APP/STREAM`, `/APP/STREAM` or a URL, as a client of a service with those vhosts means it.
// returns  nullopt: it names no stream
std::optional<lb::StreamKey> stream_key_of(std::string_view text, const lb::VhostList& vhosts);

// Of a backend of that pool, by the configuration's words; nullopt: it has none such.
std::optional<lb::BackendId> backend_id_in(const Engine& engine, const lb::PoolSpec& pool,
                                           const lb::Endpoint& backend);

}  // namespace control
