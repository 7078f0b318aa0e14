// SPDX-License-Identifier: MIT
// Health of all backends of all pools. Before its first result a backend counts as healthy, so that a start
// or an added backend does not wait for checks.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "control/check_queue.h"
#include "control/health_monitor.h"

namespace control {

// One thread, that of the io_context.
class Health {
 public:
  // at_once    checks under way at most, > 0
  // on_change  called whenever a backend went up or down; must not call set() itself
  Health(boost::asio::io_context& io, size_t at_once, HealthMonitor::OnChange on_change);

  // Checks exactly these from now on. A backend whose check asks the same keeps its state, other checks begin
  // anew, and those no longer named are cancelled. First checks are spread over the interval, at most 2 s.
  // targets  (pool, endpoint) unique
  void set(const std::vector<HealthTarget>& targets);
  void set_at_once(size_t at_once) { queue_.set_at_once(at_once); }

  // For whoever sees from the traffic itself that a backend may be in trouble (refused connections, silence, ICMP errors):
  // an active check is made at once, or fast_interval after the former began, and decides as any other does. Say it as
  // often as it is seen: more than one between two checks cost nothing but their count.
  // reason   one short line for operators, as in "3 resets in 1 s"
  // returns  false if the backend is not checked
  bool suspect(const std::string& pool, const lb::Endpoint& endpoint, const std::string& reason);

  // Cancels everything and forgets all states.
  void stop() { monitors_.clear(); }

  // True also for a backend that is not checked.
  [[nodiscard]] bool healthy(const std::string& pool, const lb::Endpoint& endpoint) const;
  // HealthMonitor's; false for a backend that is not checked.
  [[nodiscard]] bool unanswered(const std::string& pool, const lb::Endpoint& endpoint) const;
  // nullopt for a backend that is not checked.
  [[nodiscard]] std::optional<HealthView> view(const std::string& pool, const lb::Endpoint& endpoint) const;
  [[nodiscard]] const CheckQueue& queue() const { return queue_; }

 private:
  using Key = std::pair<std::string, lb::Endpoint>;
  [[nodiscard]] HealthMonitor* find(const std::string& pool, const lb::Endpoint& endpoint) const;

  boost::asio::io_context& io_;
  HealthMonitor::OnChange on_change_;
  std::minstd_rand seeds_{std::random_device{}()};
  CheckQueue queue_;  // outlives the monitors, whose places are in it
  std::map<Key, std::unique_ptr<HealthMonitor>> monitors_;
};

}  // namespace control
