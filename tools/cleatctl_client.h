// SPDX-License-Identifier: MIT
// One HTTP request (RFC 9112) to cleatd's unix socket, and its answer.
#pragma once

#include <string>

#include "lb/result.h"

namespace cleatctl {

struct Answer {
  unsigned status = 0;
  std::string body;  // JSON
  [[nodiscard]] bool ok() const { return status >= 200 && status <= 299; }
};

// socket  path of cleatd's API socket
// target  "/v1/pools/live/backends/..." with its variable parts already encoded
// body    JSON, or empty
// error   cleatd cannot be reached or does not answer within 30 s; one line with what to do. Blocks.
lb::Result<Answer> ask(const std::string& socket, const std::string& method, const std::string& target,
                       const std::string& body);

// One segment of a path, percent-encoded (RFC 3986 section 2).
std::string encode_segment(const std::string& text);

}  // namespace cleatctl
