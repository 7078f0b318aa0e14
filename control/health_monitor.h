// SPDX-License-Identifier: MIT
// The health of one backend over time: checks it again and again, and counts rise and fall.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "control/asio.h"
#include "control/check_queue.h"
#include "control/config.h"
#include "control/health_check.h"
#include "lb/address.h"

namespace control {

struct HealthTarget {
  std::string pool;
  lb::Endpoint
      endpoint;  // as the pool names it; port 0 is allowed if check.port is not 0 or the check is icmp
  HealthConfig check;
};

struct HealthView {
  struct Suspicion {
    std::string reason;
    uint64_t age_s = 0;
    bool open = false;  // no check that began since then has answered it
  };
  bool healthy = true;                          // true until checks say otherwise
  bool checked = false;                         // a result is there
  std::string reason;                           // of the last check, "" if it passed or none was made
  std::string down_reason;                      // of the last check that failed, while it is down; else ""
  std::string not_done;                         // why the last check could not be made from here, else ""
  uint32_t took_ms = 0;                         // by the last check
  uint64_t for_s = 0;                           // in this state
  std::chrono::system_clock::time_point since;  // in this state
  uint64_t checks_passed = 0, checks_failed = 0, checks_not_done = 0;
  uint64_t falls = 0;                  // how often it went down
  uint64_t suspicions = 0;             // how often it was suspected
  std::optional<Suspicion> suspicion;  // the last one
};

// One thread. Logs each change of state once: "backend down", "backend up".
class HealthMonitor {
 public:
  using OnChange = std::function<void(const HealthTarget& target, bool healthy)>;

  // queue      outlives the monitor; a check begins when there is room in it
  // seed       of its random waits, another for each monitor
  // on_change  called after `healthy` changed; must not destroy the monitor
  HealthMonitor(boost::asio::io_context& io, CheckQueue& queue, HealthTarget target, uint32_t seed,
                OnChange on_change);
  ~HealthMonitor();
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

  // The first check begins after `delay`. The second comes at random within the interval, later ones after the interval
  // less up to a tenth at random, so that those of many backends lie apart and stay apart.
  void start(std::chrono::milliseconds delay);

  // Brings the next check forward: it begins at once, or fast_interval after the former began. Counts as any other.
  void suspect(const std::string& reason);

  // Takes other timings or thresholds without forgetting the state. REQUIRES: asks_the_same(check)
  void retune(const HealthConfig& check);
  // True if `check` differs at most in timings and thresholds, so that what is known still holds.
  [[nodiscard]] bool asks_the_same(const HealthConfig& check) const;

  [[nodiscard]] bool healthy() const { return healthy_; }
  // The last check failed, and as far as it can tell there is nobody: no refusal, no wrong answer.
  [[nodiscard]] bool unanswered() const;
  [[nodiscard]] HealthView view() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Suspicion {
    std::string reason;
    Clock::time_point at;
    bool open = true;
  };

  void queue_check();
  void begin_check();
  void take(const CheckResult& result);
  void take_not_done(const std::string& reason);
  void count(bool passed);
  void change(bool healthy, uint32_t took_ms);
  void schedule();
  [[nodiscard]] std::chrono::milliseconds next_wait();
  // The last results do not confirm the state, or somebody doubts it: it may be about to change.
  [[nodiscard]] bool unsure() const { return streak_ > 0 || (suspicion_ && suspicion_->open); }

  boost::asio::io_context& io_;
  CheckQueue& queue_;
  HealthTarget target_;
  OnChange on_change_;
  boost::asio::steady_timer timer_;
  std::minstd_rand random_;
  CheckQueue::Place place_;             // while a check waits for room or is under way
  std::shared_ptr<HealthCheck> check_;  // under way, or the last one
  Clock::time_point check_started_{}, since_;
  std::chrono::system_clock::time_point since_wall_;
  std::shared_ptr<uint64_t> turn_ = std::make_shared<uint64_t>(0);  // number of the wait that counts
  bool healthy_ = true, checked_ = false, waiting_ = false;
  bool scattered_ = false;  // its place within the interval was drawn
  uint32_t streak_ = 0;     // results in a row that speak against the state
  std::string reason_, down_reason_, not_done_;
  uint32_t took_ms_ = 0;
  uint64_t checks_passed_ = 0, checks_failed_ = 0, checks_not_done_ = 0, falls_ = 0, suspicions_ = 0;
  std::optional<Suspicion> suspicion_;
  std::optional<Clock::time_point> suspicion_logged_;
};

}  // namespace control
