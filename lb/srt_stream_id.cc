// SPDX-License-Identifier: MIT
#include "lb/srt_stream_id.h"

#include <algorithm>

namespace lb {
namespace {

constexpr std::string_view kKeysFollow = "#!::", kDefaultApp = "live", kDefaultStream = "livestream";

struct Names {
  std::string_view host, resource, mode = "request";
};

Names names_of_keys(std::string_view text) {
  Names names;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find_first_of(",&;?"));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::string_view key = pair.substr(0, pair.find('='));
    const std::string_view value = pair.substr(std::min(key.size() + 1, pair.size()));
    if (key == "h") names.host = value;
    if (key == "r") names.resource = value;
    if (key == "m") names.mode = value;
  }
  const size_t first = names.host.find('/');
  if (first == std::string_view::npos) return names;
  const bool has_vhost = names.host.find('/', first + 1) != std::string_view::npos;
  if (names.resource.empty()) names.resource = has_vhost ? names.host.substr(first + 1) : names.host;
  names.host = has_vhost ? names.host.substr(0, first) : std::string_view();
  return names;
}

bool equal(std::string_view a, std::string_view lower_case) {
  return std::equal(a.begin(), a.end(), lower_case.begin(), lower_case.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + ('a' - 'A') : x) == y; });
}

std::optional<StreamKey> key_of(std::string_view vhost, std::string_view resource) {
  while (resource.starts_with('/')) resource.remove_prefix(1);
  while (resource.ends_with('/')) resource.remove_suffix(1);
  const size_t slash = resource.rfind('/');
  if (slash == std::string_view::npos) return StreamKey::make(vhost, kDefaultApp, resource);
  return StreamKey::make(vhost, resource.substr(0, slash), resource.substr(slash + 1));
}

}  // namespace

StreamAsk read_srt_ask(std::string_view stream_id, const VhostList& vhosts) noexcept {
  Names names;
  if (stream_id.starts_with(kKeysFollow))
    names = names_of_keys(stream_id.substr(kKeysFollow.size()));
  else if (stream_id.empty())
    names = {.host = {}, .resource = kDefaultStream, .mode = "publish"};
  else
    names.resource = stream_id.substr(0, stream_id.find('?'));

  StreamAsk ask;
  const bool publish = equal(names.mode, "publish");
  if (!publish && !equal(names.mode, "request")) return ask;
  if (const auto key = key_of(vhosts.find(names.host), names.resource)) {
    ask.role = publish ? StreamRole::kPublish : StreamRole::kPlay;
    ask.key = *key;
  }
  return ask;
}

}  // namespace lb
