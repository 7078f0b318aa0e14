// SPDX-License-Identifier: MIT
// The health of one backend over time: checks it again and again, and counts rise and fall.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "control/asio.h"
#include "control/config.h"
#include "control/health_check.h"
#include "lb/address.h"

namespace control {

struct HealthTarget {
  std::string pool;
  lb::Endpoint endpoint;  // as the pool names it; port 0 is allowed if check.port is not 0
  HealthConfig check;
};

struct HealthView {
  bool healthy = true;   // true until checks say otherwise
  bool checked = false;  // a result is there
  std::string reason;    // of the last check, "" if it passed or none was made
  uint32_t took_ms = 0;  // by the last check
  uint64_t for_s = 0;    // in this state
};

// One thread. Logs each change of state once: "backend down", "backend up".
class HealthMonitor {
 public:
  // on_change  called after `healthy` changed; must not destroy the monitor
  HealthMonitor(boost::asio::io_context& io, HealthTarget target, std::function<void()> on_change);
  ~HealthMonitor();
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

  // The first check begins after `delay`.
  void start(std::chrono::milliseconds delay);

  // Takes other timings or thresholds without forgetting the state. REQUIRES: asks_the_same(check)
  void retune(const HealthConfig& check);
  // True if `check` differs at most in timings and thresholds, so that what is known still holds.
  [[nodiscard]] bool asks_the_same(const HealthConfig& check) const;

  [[nodiscard]] bool healthy() const { return healthy_; }
  [[nodiscard]] HealthView view() const;

 private:
  using Clock = std::chrono::steady_clock;

  void run_check();
  void take(const CheckResult& result);
  void count(bool passed);
  void change(bool healthy, uint32_t took_ms);
  void schedule();
  // The last results do not confirm the state: it may be about to change.
  [[nodiscard]] bool unsure() const { return streak_ > 0; }

  boost::asio::io_context& io_;
  HealthTarget target_;
  std::function<void()> on_change_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<HealthCheck> check_;  // under way, or the last one
  Clock::time_point check_started_{}, since_;
  std::shared_ptr<uint64_t> turn_ = std::make_shared<uint64_t>(0);  // number of the wait that counts
  bool healthy_ = true, checked_ = false, own_fault_ = false, waiting_ = false;
  uint32_t streak_ = 0;  // results in a row that speak against the state
  std::string reason_;
  uint32_t took_ms_ = 0;
};

}  // namespace control
