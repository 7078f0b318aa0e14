// SPDX-License-Identifier: MIT
// URLs as media clients write them (RFC 3986), taken apart in place.
#pragma once

#include <string_view>

#include "lb/short_text.h"

namespace lb {

struct Url {
  std::string_view host;   // with its port; empty if there is none
  std::string_view path;   // from its slash on; still percent-encoded
  std::string_view query;  // behind the question mark
};

// text     `scheme://host:port/path?query#fragment`, or without scheme and host, as in a request line; any bytes
// returns  parts that point into text
Url split_url(std::string_view text) noexcept;

// The first parameter of that name, still percent-encoded; empty if there is none.
// query    behind the question mark
std::string_view query_value(std::string_view query, std::string_view name) noexcept;

// The vhost that a query names: `vhost=`, or else `domain=`. It beats the host (SRS asks for them in this order).
std::string_view vhost_in_query(std::string_view query) noexcept;

// The names in `scheme://host/app/stream?query`; also in `scheme://host/app?query/stream`, as Flash-like encoders join them: where a
// slash follows the question mark, the stream stands behind the last one. SRS reads both so.
struct StreamUrl {
  std::string_view host;         // with its port; empty if there is none
  std::string_view vhost;        // vhost_in_query()'s
  std::string_view app, stream;  // still percent-encoded
};
StreamUrl split_stream_url(std::string_view text) noexcept;

// The value of a hexadecimal digit; -1: it is none.
constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Appends text with each %XX decoded. '+' stays: SRS neither encodes nor decodes it. So does a % that fewer than two bytes follow.
// returns  false if a % has no two digits, or out is full
template <size_t kMax>
bool push_decoded(std::string_view text, ShortText<kMax>& out) noexcept {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (!out.push(c)) return false;
  }
  return true;
}

}  // namespace lb
