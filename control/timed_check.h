// SPDX-License-Identifier: MIT
// What every kind of health check has in common: one timeout for the whole of it, one result, reasons in words.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "control/asio.h"
#include "control/health_check.h"

namespace control {

// One thread. Lives in a shared_ptr; its pending operations must hold it, or find out that it is gone.
class TimedCheck : public HealthCheck, public std::enable_shared_from_this<TimedCheck> {
 public:
  void cancel() final;

  // The timeout runs from here. REQUIRES: called once
  void start();

 protected:
  using Clock = std::chrono::steady_clock;

  TimedCheck(boost::asio::io_context& io, uint32_t timeout_ms, std::function<void(CheckResult)> done)
      : io_(io), timeout_ms_(timeout_ms), done_(std::move(done)), timer_(io) {}

  // Sends what is to be sent. A mistake here may call fail(): it is told later, as the others.
  virtual void begin() = 0;
  // Gives back the sockets; pending operations end with an error. Twice is harmless.
  virtual void close() = 0;
  virtual void on_timeout() { fail("timeout"); }

  // Cancelled, or told already: nothing of it counts any more.
  [[nodiscard]] bool over() const { return !done_; }
  void pass() { finish(CheckResult::Outcome::kPassed, ""); }
  void fail(std::string reason) { finish(CheckResult::Outcome::kFailed, std::move(reason)); }
  // kNotDone where the error is this machine's own.
  void fail(const boost::system::error_code& error);
  void not_done(std::string reason) { finish(CheckResult::Outcome::kNotDone, std::move(reason)); }

  boost::asio::io_context& io_;

 private:
  void finish(CheckResult::Outcome outcome, std::string reason);

  const uint32_t timeout_ms_;
  std::function<void(CheckResult)> done_;
  boost::asio::steady_timer timer_;
  const Clock::time_point started_ = Clock::now();
  bool beginning_ = false;
};

}  // namespace control
