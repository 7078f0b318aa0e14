// SPDX-License-Identifier: MIT
// Health of all backends of all pools. Before its first result a backend counts as healthy, so that a start
// or an added backend does not wait for checks.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/health_monitor.h"

namespace control {

// One thread, that of the io_context.
class Health {
 public:
  // on_change  called whenever a backend went up or down; must not call set() itself
  Health(boost::asio::io_context& io, std::function<void()> on_change);

  // Checks exactly these from now on. A backend whose check asks the same keeps its state, other checks begin
  // anew, and those no longer named are cancelled. First checks are spread over the interval, at most 2 s.
  // targets  (pool, endpoint) unique
  void set(const std::vector<HealthTarget>& targets);

  // Cancels everything and forgets all states.
  void stop() { monitors_.clear(); }

  // True also for a backend that is not checked.
  [[nodiscard]] bool healthy(const std::string& pool, const lb::Endpoint& endpoint) const;
  // nullopt for a backend that is not checked.
  [[nodiscard]] std::optional<HealthView> view(const std::string& pool, const lb::Endpoint& endpoint) const;

 private:
  using Key = std::pair<std::string, lb::Endpoint>;
  [[nodiscard]] const HealthMonitor* find(const std::string& pool, const lb::Endpoint& endpoint) const;

  boost::asio::io_context& io_;
  std::function<void()> on_change_;
  std::map<Key, std::unique_ptr<HealthMonitor>> monitors_;
};

}  // namespace control
