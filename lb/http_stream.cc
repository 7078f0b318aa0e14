// SPDX-License-Identifier: MIT
#include "lb/http_stream.h"

namespace lb {
namespace {

constexpr uint64_t kLongestPassedOver = uint64_t{1}
                                        << 30;        // what a TCP sequence number can tell from the past
constexpr std::string_view kLastChunk = "0\r\n\r\n";  // RFC 9112 section 7.1, without trailers

// Where a chunked body ends; npos: not yet.
size_t end_of_chunks(std::string_view body) {
  if (body.substr(0, kLastChunk.size()) == kLastChunk) return kLastChunk.size();
  const size_t last = body.find("\r\n0\r\n\r\n");
  return last == std::string_view::npos ? last : last + 2 + kLastChunk.size();
}

bool may_carry_sdp(const HttpHead& head) {
  return head.request ? head.method == "POST" : head.status == 200 || head.status == 201;
}

std::string_view text_of(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void HttpStream::begin(uint32_t sequence) noexcept {
  buffer_.restart(sequence);
  given_ = 0;
  lost_ = ended_ = false;
}

std::optional<HttpMessage> HttpStream::next() noexcept {
  if (given_ > 0) buffer_.consume(given_);
  given_ = 0;
  while (!lost_) {
    const std::string_view text = text_of(buffer_.ready());
    if (text.empty()) return std::nullopt;
    HttpMessage message;
    const HeadState state = parse_http_head(text, message.head);
    if (state == HeadState::kNotHttp || (state == HeadState::kPartial && buffer_.is_full())) return give_up();
    if (state == HeadState::kPartial) return std::nullopt;
    message.body = text.substr(message.head.bytes);
    const auto length = body_length(message.head);
    if (!length) {
      const size_t last = message.head.chunked ? end_of_chunks(message.body) : std::string_view::npos;
      if (last == std::string_view::npos && !ended_ && !buffer_.is_full()) return std::nullopt;
      if (last == std::string_view::npos) {
        lost_ = true;
        return may_carry_sdp(message.head) ? std::optional(message) : std::nullopt;
      }
      message.body = message.body.substr(0, last);
    } else if (*length > kLongestPassedOver) {
      return give_up();
    }
    const auto total = static_cast<uint32_t>(message.head.bytes + (length ? *length : message.body.size()));
    if (!may_carry_sdp(message.head)) {
      buffer_.consume(total);
      continue;
    }
    if (text.size() < total && !buffer_.is_full()) return std::nullopt;
    message.body = message.body.substr(0, total - message.head.bytes);
    given_ = total;
    return message;
  }
  return std::nullopt;
}

}  // namespace lb
