// SPDX-License-Identifier: MIT
// The kinds of health checks, a file each: stream_check (tcp, http), udp_check, icmp_check.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/timed_check.h"

namespace control {

// All: arguments and memory as of start_health_check(); not started yet.
std::shared_ptr<TimedCheck> stream_check(boost::asio::io_context& io, const lb::Endpoint& target,
                                         const std::string& host, const HealthConfig& config,
                                         std::function<void(CheckResult)> done);
std::shared_ptr<TimedCheck> udp_check(boost::asio::io_context& io, const lb::Endpoint& target,
                                      const HealthConfig& config, std::function<void(CheckResult)> done);
// The port of `target` plays no part.
std::shared_ptr<TimedCheck> icmp_check(boost::asio::io_context& io, const lb::Endpoint& target,
                                       const HealthConfig& config, std::function<void(CheckResult)> done);

}  // namespace control
