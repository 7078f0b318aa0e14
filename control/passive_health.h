// SPDX-License-Identifier: MIT
// What the traffic itself says of the backends: refused or unanswered connections, ICMP errors. Whoever has some is suspected, which
// brings its next health check forward.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "control/engine.h"
#include "control/stats.h"
#include "lb/address.h"
#include "lb/snapshot_spec.h"

namespace control {

// One thread.
class PassiveHealth {
 public:
  using Suspect =
      std::function<void(const std::string& pool, const lb::Endpoint& backend, const std::string& reason)>;

  // Calls suspect for each backend of `spec` whose failures grew since the last call, with what they are: "3 refused, 1
  // unanswered". What was counted before a backend was first looked at says nothing.
  // cost  a look-up by hash and three numbers a worker for each backend
  void look(const Engine& engine, const lb::SnapshotSpec& spec, const Suspect& suspect);

 private:
  std::map<std::pair<std::string, lb::Endpoint>, Failures> former_;
};

}  // namespace control
