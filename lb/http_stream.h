// SPDX-License-Identifier: MIT
// The HTTP messages of one direction of a TCP connection, read on the way: those that may carry an SDP are handed over whole,
// or as much of them as 8 KB hold; all others are passed over by their length, without a copy.
#pragma once

#include <optional>
#include <string_view>

#include "lb/http_head.h"
#include "lb/stream_buffer.h"

namespace lb {

struct HttpMessage {
  HttpHead head;
  std::string_view body;
};

class HttpStream {
 public:
  // sequence  of the first byte of a message
  void begin(uint32_t sequence) noexcept;
  // Lost: what comes is no HTTP, or ends where nobody can tell. begin() finds back.
  [[nodiscard]] bool is_lost() const noexcept { return lost_; }

  void add(uint32_t sequence, std::span<const uint8_t> bytes) noexcept { buffer_.add(sequence, bytes); }
  // The connection ends here: so does a message without a length.
  void end() noexcept { ended_ = true; }

  // The next POST, or the next 200 or 201 with a body, as soon as it is whole or fills the buffer. Valid until next() is
  // called again; call it until there is none.
  std::optional<HttpMessage> next() noexcept;

 private:
  [[nodiscard]] std::optional<HttpMessage> give_up() noexcept {
    lost_ = true;
    return std::nullopt;
  }

  StreamBuffer buffer_;
  uint32_t given_ = 0;  // bytes of the message that was handed over last
  bool lost_ = true;
  bool ended_ = false;
};

}  // namespace lb
