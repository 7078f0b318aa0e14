// SPDX-License-Identifier: MIT
// One health check of one backend: a TCP connect; one HTTP GET (RFC 9112) whose status and body are looked at; a UDP
// datagram and its answer; or an ICMP echo (RFC 792, RFC 4443).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/asio.h"
#include "control/config.h"
#include "lb/address.h"

namespace control {

// How much of an HTTP body is searched, and read at most; and how much of a UDP answer.
inline constexpr size_t kMaxCheckedBodyBytes = 64 * 1024;
inline constexpr size_t kMaxCheckedAnswerBytes = 4096;

struct CheckResult {
  enum class Outcome : uint8_t {
    kPassed,
    kFailed,
    kNotDone,  // this machine's fault (no file descriptors, no permission): says nothing about the backend
  };
  Outcome outcome = Outcome::kFailed;
  std::string
      reason;  // "" if passed; "refused", "timeout", "unreachable", "status 500", "body mismatch", ...
  uint32_t took_ms = 0;
};

// A check under way. It ends by itself; whoever no longer wants its result must cancel it.
class HealthCheck {
 public:
  virtual ~HealthCheck() = default;
  // `done` is not called any more. Twice is harmless.
  virtual void cancel() = 0;
};

// Starts a check. The thread that runs io.
// target   with the port to connect to, not 0 unless the check is icmp
// host     value of the Host header (http)
// config   timeout_ms covers connect to last byte. At most kMaxCheckedBodyBytes of the body are read; a
//          longer one is judged by its beginning. An answer by UDP counts once: the first one decides
// done     called once, never from within this call, unless cancelled before
// memory   64 KiB while a body is searched, otherwise about 12 KiB for http, 5 KiB for others
std::shared_ptr<HealthCheck> start_health_check(boost::asio::io_context& io, const lb::Endpoint& target,
                                                const std::string& host, const HealthConfig& config,
                                                std::function<void(CheckResult)> done);

}  // namespace control
