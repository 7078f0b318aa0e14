// SPDX-License-Identifier: MIT
#include "lb/whip_text.h"

#include "lb/stun.h"
#include "lb/url.h"

namespace lb {
namespace {

constexpr size_t kMinPassword = 22, kMinUfrag = 4;

// The run of ice-chars behind `key`; JSON may write "/" as "\/". False if it is too long, or the text ends with it.
template <size_t kMax>
bool read_value(std::string_view text, std::string_view key, ShortText<kMax>& value) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + key.size());
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text.substr(0, 2) == "\\/") continue;
    if (!is_ice_char(text[0])) return true;
    if (!value.push(text[0])) return false;
  }
  return false;
}

// Of a query: up to '&' or '#'.
bool read_parameter(std::string_view query, Ufrag& value) {
  return push_decoded(query.substr(0, query.find_first_of("&#")), value);
}

bool read_json_string(std::string_view text, Ufrag& value) {
  for (; !text.empty() && text[0] != '"'; text.remove_prefix(1))
    if (text[0] != '\\' && !value.push(text[0])) return false;
  return !text.empty();
}

std::string_view behind_last(std::string_view text, std::string_view key) {
  const size_t at = text.rfind(key);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + key.size());
}

}  // namespace

std::optional<IceCredentials> ice_credentials(std::string_view body) noexcept {
  IceCredentials found;
  if (!read_value(body, "a=ice-ufrag:", found.ufrag) || !read_value(body, "a=ice-pwd:", found.password))
    return std::nullopt;
  if (found.ufrag.length < kMinUfrag || found.password.length < kMinPassword) return std::nullopt;
  return found;
}

std::optional<Ufrag> named_session(std::string_view location, std::string_view body) noexcept {
  Ufrag name;
  std::string_view parameter = behind_last(location, "&session=");
  if (parameter.empty()) parameter = behind_last(location, "?session=");
  const bool whole = !parameter.empty() ? read_parameter(parameter, name)
                                        : read_json_string(behind_last(body, "\"sessionid\":\""), name);
  if (!whole || !split_username(name.view())) return std::nullopt;
  return name;
}

}  // namespace lb
