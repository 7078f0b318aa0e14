// SPDX-License-Identifier: MIT
// One HTTP GET (RFC 9112) for the sake of its body.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "control/health_check.h"
#include "lb/address.h"

namespace control {

struct HttpGet {
  lb::Endpoint target;      // port: not 0
  std::string path;         // with its query
  uint32_t timeout_ms = 0;  // connect to last byte
  size_t most_bytes = 0;    // a longer body is an error
};

// Starts it. The thread that runs io.
// done     called once, never from within this call, unless cancelled before; the body of an answer 200..299, otherwise why there
//          is none
// memory   the body, and 12 KiB
std::shared_ptr<HealthCheck> start_http_get(boost::asio::io_context& io, const HttpGet& get,
                                            std::function<void(CheckResult, std::string body)> done);

}  // namespace control
