// SPDX-License-Identifier: MIT
// One check of a real server, and backends under watch with the log in a file.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "control/health.h"
#include "control/log.h"
#include "tests/control/origin_server.h"

namespace control::test {

inline HealthConfig http_check(std::string body = "", uint16_t status = 0) {
  HealthConfig check;
  check.type = HealthConfig::Type::kHttp;
  check.path = "/api/v1/versions";
  check.timeout_ms = 2000;
  check.body = std::move(body);
  check.status = status;
  return check;
}

// What one check of `server` says.
class Probe {
 public:
  CheckResult run(const lb::Endpoint& target, const HealthConfig& check) {
    std::optional<CheckResult> result;
    auto keep =
        start_health_check(io, target, target.to_string(), check, [&](const CheckResult& r) { result = r; });
    EXPECT_FALSE(result) << "called back from within the call";
    EXPECT_TRUE(run_until(io, [&] { return result.has_value(); }));
    return result.value_or(CheckResult{CheckResult::Outcome::kNotDone, "no result", 0});
  }
  static std::string verdict(const CheckResult& result) {
    return result.outcome == CheckResult::Outcome::kPassed ? "passed" : result.reason;
  }
  std::string verdict_of_reply(const std::string& reply, const HealthConfig& check) {
    server.reply = reply;
    return verdict(run(server.endpoint(), check));
  }

  asio::io_context io;
  OriginServer server{io};
};

// Backends under watch, with the log in a file.
class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    std::string name = "/tmp/cleat-health-XXXXXX";
    ::close(::mkstemp(name.data()));
    log_ = name;
    EXPECT_TRUE(open_log(log_, LogLevel::kInfo).ok());
  }
  ~HealthTest() override {
    EXPECT_TRUE(open_log("", LogLevel::kInfo).ok());
    std::remove(log_.c_str());
  }

  HealthTarget target(HealthConfig check) const { return {"live", server.endpoint(), std::move(check)}; }
  static HealthConfig fast(HealthConfig check = http_check()) {
    check.interval_ms = check.fast_interval_ms = 20;
    check.timeout_ms = 500;
    return check;
  }
  bool healthy() const { return health.healthy("live", server.endpoint()); }
  size_t logged(const std::string& text) const {
    std::ifstream in(log_);
    size_t n = 0;
    for (std::string line; std::getline(in, line);) n += line.find(text) != std::string::npos;
    return n;
  }

  std::string log_;
  asio::io_context io;
  OriginServer server{io};
  unsigned changes = 0;
  Health health{io, 256, [this](const HealthTarget&, bool) { ++changes; }};
};

}  // namespace control::test
