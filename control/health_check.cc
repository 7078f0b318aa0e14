// SPDX-License-Identifier: MIT
#include "control/health_check.h"

#include "control/check_kinds.h"

namespace control {
namespace {

std::shared_ptr<TimedCheck> check_of_kind(boost::asio::io_context& io, const lb::Endpoint& target,
                                          const std::string& host, const HealthConfig& config,
                                          std::function<void(CheckResult)> done) {
  switch (config.type) {
    case HealthConfig::Type::kTcp:
    case HealthConfig::Type::kHttp:
      break;
    case HealthConfig::Type::kUdp:
      return udp_check(io, target, config, std::move(done));
    case HealthConfig::Type::kIcmp:
      return icmp_check(io, target, config, std::move(done));
  }
  return stream_check(io, target, host, config, std::move(done));
}

}  // namespace

std::shared_ptr<HealthCheck> start_health_check(boost::asio::io_context& io, const lb::Endpoint& target,
                                                const std::string& host, const HealthConfig& config,
                                                std::function<void(CheckResult)> done) {
  auto check = check_of_kind(io, target, host, config, std::move(done));
  check->start();
  return check;
}

}  // namespace control
