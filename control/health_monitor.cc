// SPDX-License-Identifier: MIT
#include "control/health_monitor.h"

#include <algorithm>

#include "control/log.h"

namespace control {
namespace {

using std::chrono::milliseconds;

// Suspicions of one backend are logged no more often than this.
constexpr std::chrono::minutes kSuspicionLogged{1};

std::string host_of(const lb::Endpoint& target) {
  // RFC 9110 section 7.2: the port is left out when it is the scheme's.
  if (target.port == 80) {
    const std::string text = target.address.to_string();
    return target.address.is_v4() ? text : "[" + text + "]";
  }
  return target.to_string();
}

uint64_t seconds_since(std::chrono::steady_clock::time_point then) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - then).count());
}

}  // namespace

HealthMonitor::HealthMonitor(boost::asio::io_context& io, CheckQueue& queue, HealthTarget target,
                             uint32_t seed, OnChange on_change)
    : io_(io),
      queue_(queue),
      target_(std::move(target)),
      on_change_(std::move(on_change)),
      timer_(io),
      random_(seed),
      since_(Clock::now()),
      since_wall_(std::chrono::system_clock::now()) {}

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
        if (!error && current && *current == number) queue_check();
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

void HealthMonitor::suspect(const std::string& reason) {
  const auto now = Clock::now();
  // Once is enough: a wait that begins anew with each suspicion would never end.
  const bool brought_forward = suspicion_ && suspicion_->open;
  ++suspicions_;
  suspicion_ = {reason, now};
  if (!suspicion_logged_ || now - *suspicion_logged_ >= kSuspicionLogged) {
    suspicion_logged_ = now;
    log_event(LogLevel::kInfo, "backend suspected",
              {{"pool", target_.pool}, {"backend", target_.endpoint.to_string()}, {"reason", reason}});
  }
  if (waiting_ && !brought_forward) schedule();
}

void HealthMonitor::queue_check() {
  waiting_ = false;
  place_ = queue_.enter([this] { begin_check(); });
}

void HealthMonitor::begin_check() {
  check_started_ = Clock::now();
  lb::Endpoint target = target_.endpoint;
  if (target_.check.port != 0) target.port = target_.check.port;
  check_ = start_health_check(io_, target, host_of(target), target_.check,
                              [this](const CheckResult& result) { take(result); });
}

void HealthMonitor::take(const CheckResult& result) {
  place_.give_up();
  if (suspicion_ && suspicion_->at <= check_started_) suspicion_->open = false;
  if (result.outcome == CheckResult::Outcome::kNotDone) {
    take_not_done(result.reason);
    return schedule();
  }
  const bool passed = result.outcome == CheckResult::Outcome::kPassed;
  ++(passed ? checks_passed_ : checks_failed_);
  not_done_.clear();
  checked_ = true;
  reason_ = result.reason;
  took_ms_ = result.took_ms;
  if (!passed && !healthy_) down_reason_ = reason_;
  count(passed);
  schedule();
}

void HealthMonitor::take_not_done(const std::string& reason) {
  ++checks_not_done_;
  if (not_done_.empty())
    log_event(LogLevel::kError, "health check not possible",
              {{"pool", target_.pool}, {"backend", target_.endpoint.to_string()}, {"reason", reason}});
  not_done_ = reason;
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
  const uint64_t lasted_s = seconds_since(since_);
  healthy_ = healthy;
  streak_ = 0;
  since_ = Clock::now();
  since_wall_ = std::chrono::system_clock::now();
  down_reason_ = healthy ? "" : reason_;
  falls_ += healthy ? 0 : 1;
  const std::string backend = target_.endpoint.to_string();
  if (healthy)
    log_event(LogLevel::kInfo, "backend up",
              {{"pool", target_.pool}, {"backend", backend}, {"down_s", lasted_s}, {"check_ms", took_ms}});
  else
    log_event(LogLevel::kWarning, "backend down",
              {{"pool", target_.pool},
               {"backend", backend},
               {"reason", reason_},
               {"after_ms", took_ms},
               {"falls", falls_}});
  on_change_(target_, healthy);
}

bool HealthMonitor::unanswered() const { return reason_ == "timeout" || reason_ == "unreachable"; }

void HealthMonitor::schedule() {
  // From start to start, so that slow answers do not stretch the interval.
  const auto next = check_started_ + next_wait();
  start(std::max(std::chrono::ceil<milliseconds>(next - Clock::now()), milliseconds(0)));
}

milliseconds HealthMonitor::next_wait() {
  const uint32_t every_ms = unsure() ? target_.check.fast_interval_ms : target_.check.interval_ms;
  const bool scatter = !unsure() && !scattered_;
  scattered_ = scattered_ || scatter;
  const uint32_t least_ms = scatter ? 1 : every_ms - every_ms / 10;
  return milliseconds(std::uniform_int_distribution<uint32_t>(least_ms, every_ms)(random_));
}

HealthView HealthMonitor::view() const {
  HealthView view;
  view.healthy = healthy_;
  view.checked = checked_;
  view.reason = reason_;
  view.down_reason = down_reason_;
  view.not_done = not_done_;
  view.took_ms = took_ms_;
  view.for_s = seconds_since(since_);
  view.since = since_wall_;
  view.checks_passed = checks_passed_;
  view.checks_failed = checks_failed_;
  view.checks_not_done = checks_not_done_;
  view.falls = falls_;
  view.suspicions = suspicions_;
  if (suspicion_)
    view.suspicion =
        HealthView::Suspicion{suspicion_->reason, seconds_since(suspicion_->at), suspicion_->open};
  return view;
}

}  // namespace control
