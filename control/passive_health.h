// SPDX-License-Identifier: MIT
// What the traffic itself says of the backends. Refused or unanswered connections and ICMP errors make one suspect, which brings its
// next health check forward; a host that any packet comes from is not silent, whatever its checks say.
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

  // When the last packet of that host came through `nat`, to the precision of the calls of look(), in the engine's time; 0: never.
  [[nodiscard]] uint64_t heard_ms(const lb::IpAddress& host) const;

 private:
  struct Seen {
    Failures failures;
    uint64_t replies = 0;
  };
  std::map<std::pair<std::string, lb::Endpoint>, Seen> former_;
  std::map<lb::IpAddress, uint64_t> heard_ms_;
};

}  // namespace control
