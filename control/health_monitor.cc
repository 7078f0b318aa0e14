// SPDX-License-Identifier: MIT
#include "control/health_monitor.h"

#include <algorithm>

#include "control/log.h"

namespace control {
namespace {

using std::chrono::milliseconds;

std::string host_of(const lb::Endpoint& target) {
  // RFC 9110 section 7.2: the port is left out when it is the scheme's.
  if (target.port == 80) {
    const std::string text = target.address.to_string();
    return target.address.is_v4() ? text : "[" + text + "]";
  }
  return target.to_string();
}

}  // namespace

HealthMonitor::HealthMonitor(boost::asio::io_context& io, HealthTarget target,
                             std::function<void()> on_change)
    : io_(io),
      target_(std::move(target)),
      on_change_(std::move(on_change)),
      timer_(io),
      since_(Clock::now()) {}

HealthMonitor::~HealthMonitor() {
  if (check_) check_->cancel();
}

void HealthMonitor::start(milliseconds delay) {
  waiting_ = true;
  timer_.expires_after(delay);
  // An expired wait can no longer be cancelled: its turn tells
  // whether it still counts, or the monitor still lives.
  timer_.async_wait(
      [this, turn = std::weak_ptr(turn_), number = ++*turn_](const boost::system::error_code& error) {
        const auto current = turn.lock();
        if (!error && current && *current == number) run_check();
      });
}

bool HealthMonitor::asks_the_same(const HealthConfig& check) const {
  HealthConfig same = target_.check;
  same.interval_ms = check.interval_ms;
  same.fast_interval_ms = check.fast_interval_ms;
  same.timeout_ms = check.timeout_ms;
  same.rise = check.rise;
  same.fall = check.fall;
  return same == check;
}

void HealthMonitor::retune(const HealthConfig& check) {
  const bool same = check == target_.check;
  target_.check = check;
  if (same) return;
  // A check under way ends as it began and then schedules by the new timings.
  if (waiting_ && check_) schedule();
}

void HealthMonitor::run_check() {
  waiting_ = false;
  check_started_ = Clock::now();
  lb::Endpoint target = target_.endpoint;
  if (target_.check.port != 0) target.port = target_.check.port;
  check_ = start_health_check(io_, target, host_of(target), target_.check,
                              [this](const CheckResult& result) { take(result); });
}

void HealthMonitor::take(const CheckResult& result) {
  if (result.outcome == CheckResult::Outcome::kNotDone) {
    if (!own_fault_)
      log_event(
          LogLevel::kError, "health check not possible",
          {{"pool", target_.pool}, {"backend", target_.endpoint.to_string()}, {"reason", result.reason}});
    own_fault_ = true;
    return schedule();
  }
  own_fault_ = false;
  checked_ = true;
  reason_ = result.reason;
  took_ms_ = result.took_ms;
  count(result.outcome == CheckResult::Outcome::kPassed);
  schedule();
}

void HealthMonitor::count(bool passed) {
  if (passed == healthy_) {
    streak_ = 0;
    return;
  }
  ++streak_;
  if (streak_ >= (healthy_ ? target_.check.fall : target_.check.rise)) change(passed, took_ms_);
}

void HealthMonitor::change(bool healthy, uint32_t took_ms) {
  const auto now = Clock::now();
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(now - since_).count();
  healthy_ = healthy;
  streak_ = 0;
  since_ = now;
  const std::string backend = target_.endpoint.to_string();
  if (healthy)
    log_event(LogLevel::kInfo, "backend up",
              {{"pool", target_.pool}, {"backend", backend}, {"down_s", lasted}, {"check_ms", took_ms}});
  else
    log_event(LogLevel::kWarning, "backend down",
              {{"pool", target_.pool}, {"backend", backend}, {"reason", reason_}, {"after_ms", took_ms}});
  on_change_();
}

void HealthMonitor::schedule() {
  const uint32_t every_ms = unsure() ? target_.check.fast_interval_ms : target_.check.interval_ms;
  // From start to start, so that slow answers do not stretch the interval.
  const auto next = check_started_ + milliseconds(every_ms);
  start(std::max(std::chrono::duration_cast<milliseconds>(next - Clock::now()), milliseconds(0)));
}

HealthView HealthMonitor::view() const {
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - since_);
  return {healthy_, checked_, reason_, took_ms_, static_cast<uint64_t>(lasted.count())};
}

}  // namespace control
