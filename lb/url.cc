// SPDX-License-Identifier: MIT
#include "lb/url.h"

#include <algorithm>

namespace lb {
namespace {

// Takes the text up to one of `ends` off `rest`.
std::string_view take_until(std::string_view& rest, std::string_view ends) {
  const std::string_view taken = rest.substr(0, rest.find_first_of(ends));
  rest.remove_prefix(taken.size());
  return taken;
}

// Behind `scheme://`, if that stands before everything else.
bool skip_scheme(std::string_view& text) {
  const size_t colon = text.find_first_of(":/?#");
  if (colon == std::string_view::npos || text.substr(colon, 3) != "://") return false;
  text.remove_prefix(colon + 3);
  return true;
}

std::string_view behind_mark(std::string_view text) { return text.substr(std::min<size_t>(1, text.size())); }

}  // namespace

Url split_url(std::string_view text) noexcept {
  Url url;
  text = text.substr(0, text.find('#'));
  if (skip_scheme(text)) url.host = take_until(text, "/?");
  url.path = take_until(text, "?");
  url.query = behind_mark(text);
  return url;
}

std::string_view query_value(std::string_view query, std::string_view name) noexcept {
  while (!query.empty()) {
    const std::string_view pair = take_until(query, "&");
    query = behind_mark(query);
    if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name))
      return pair.substr(name.size() + 1);
  }
  return {};
}

std::string_view vhost_in_query(std::string_view query) noexcept {
  const std::string_view vhost = query_value(query, "vhost");
  return vhost.empty() ? query_value(query, "domain") : vhost;
}

StreamUrl split_stream_url(std::string_view text) noexcept {
  StreamUrl url;
  if (skip_scheme(text)) url.host = take_until(text, "/?#");
  const size_t slash = text.rfind('/');
  std::string_view stream = slash == std::string_view::npos ? text : text.substr(slash + 1);
  text.remove_suffix(text.size() - (slash == std::string_view::npos ? 0 : slash));
  url.app = take_until(text, "?#");
  url.stream = take_until(stream, "?#");
  url.vhost = vhost_in_query(behind_mark(stream));
  if (url.vhost.empty()) url.vhost = vhost_in_query(behind_mark(text));
  return url;
}

}  // namespace lb
