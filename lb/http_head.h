// SPDX-License-Identifier: MIT
// The head of an HTTP/1.1 message (RFC 9112) as far as a reader on the way needs it: what is asked of whom, where the message
// ends, and where a WHIP or WHEP answer says its session is.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace lb {

struct HttpHead {
  size_t bytes = 0;  // to the first byte of the body
  bool request = false;
  std::string_view method;  // of a request
  std::string_view target;  // of a request, as it stands there: a path, or a URL (section 3.2)
  std::string_view host;    // empty if there is none; the first if there are several
  bool close = false;       // the sender's last message (section 9.6): said so, or HTTP/1.0 and no keep-alive
  unsigned status = 0;      // of a response, 100..599
  std::optional<uint64_t> content_length;
  bool chunked = false;
  std::string_view location;  // empty if there is none
};

enum class HeadState : uint8_t { kWhole, kPartial, kNotHttp };

// text     what has come so far, from the first byte of a message on; any bytes; head points into it
// returns  kPartial: go on when more has come. kNotHttp also for a Content-Length that is no number or is given twice differently
// cost     one pass over the head
HeadState parse_http_head(std::string_view text, HttpHead& head) noexcept;

// Bytes of the body behind this head (RFC 9112 section 6.3); nullopt: it ends by chunks, or with the connection.
std::optional<uint64_t> body_length(const HttpHead& head) noexcept;

}  // namespace lb
