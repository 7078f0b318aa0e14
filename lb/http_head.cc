// SPDX-License-Identifier: MIT
#include "lb/http_head.h"

#include <algorithm>

#include "lb/ascii.h"

namespace lb {
namespace {

constexpr std::string_view kBlank = " \t", kVersion = " HTTP/1.";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && equal_but_for_case(text.substr(text.size() - end.size()), end);
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// Up to 15 digits and nothing else.
std::optional<uint64_t> number(std::string_view text) {
  if (text.empty() || text.size() > 15) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

// A member of a comma-separated list (RFC 9110 section 5.6.1).
bool has_token(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::string_view token = list.substr(0, list.find(','));
    if (equal_but_for_case(trimmed(token), wanted)) return true;
    list.remove_prefix(std::min(token.size() + 1, list.size()));
  }
  return false;
}

bool read_status_line(std::string_view line, HttpHead& head) {
  if (line.size() < 12 || line[8] != ' ') return false;
  const auto status = number(line.substr(9, 3));
  if (!status || *status < 100 || *status > 599) return false;
  head.status = static_cast<unsigned>(*status);
  head.close = line[7] == '0';
  return true;
}

bool read_request_line(std::string_view line, HttpHead& head) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0 || space > 16) return false;
  head.method = line.substr(0, space);
  head.request = true;
  const size_t version = line.find(kVersion, space);
  if (version == std::string_view::npos) return false;
  if (version > space) head.target = line.substr(space + 1, version - space - 1);
  head.close = line.substr(version + kVersion.size(), 1) == "0";
  return std::all_of(head.method.begin(), head.method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool read_field(std::string_view line, HttpHead& head) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
  if (equal_but_for_case(name, "content-length")) {
    const auto length = number(value);
    if (!length || (head.content_length && head.content_length != length)) return false;
    head.content_length = length;
  } else if (equal_but_for_case(name, "transfer-encoding")) {
    head.chunked = ends_with(value, "chunked");
  } else if (equal_but_for_case(name, "location")) {
    head.location = value;
  } else if (equal_but_for_case(name, "host")) {
    if (head.host.empty()) head.host = value;
  } else if (equal_but_for_case(name, "connection")) {
    head.close = has_token(value, "close") || (head.close && !has_token(value, "keep-alive"));
  }
  return true;
}

// A beginning of "HTTP/1." or of a method, so that a stream of something else is given up at once.
bool may_be_http(std::string_view text) {
  return std::all_of(text.begin(), text.begin() + static_cast<long>(std::min<size_t>(text.size(), 3)),
                     [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

HeadState parse_http_head(std::string_view text, HttpHead& head) noexcept {
  head = {};
  if (!may_be_http(text)) return HeadState::kNotHttp;
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return HeadState::kPartial;
  head.bytes = end + 4;
  std::string_view rest = text.substr(0, end + 2);
  for (bool first = true; !rest.empty(); first = false) {
    const size_t eol = rest.find("\r\n");
    const std::string_view line = rest.substr(0, eol);
    rest.remove_prefix(eol + 2);
    const bool ok = !first                           ? read_field(line, head)
                    : line.substr(0, 7) == "HTTP/1." ? read_status_line(line, head)
                                                     : read_request_line(line, head);
    if (!ok) return HeadState::kNotHttp;
  }
  return HeadState::kWhole;
}

std::optional<uint64_t> body_length(const HttpHead& head) noexcept {
  if (head.chunked) return std::nullopt;
  if (head.content_length) return head.content_length;
  if (head.request || head.status < 200 || head.status == 204 || head.status == 304) return 0;
  return std::nullopt;
}

}  // namespace lb
