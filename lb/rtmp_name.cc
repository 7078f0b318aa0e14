// SPDX-License-Identifier: MIT
#include "lb/rtmp_name.h"

#include "lb/url.h"

namespace lb {
namespace {

constexpr std::string_view kNoQueryMark = "...vhost...";
constexpr std::string_view kDefaultVhost = "__defaultVhost__", kDefaultApp = "__defaultApp__";

}  // namespace

bool RtmpName::connect(std::string_view app, std::string_view tc_url) noexcept {
  Url url = split_url(tc_url);
  if (url.host.empty()) url = split_url(app);
  std::string_view vhost = vhost_in_query(url.query);
  if (const size_t mark = url.path.find(kNoQueryMark); mark != std::string_view::npos) {
    vhost = url.path.substr(mark + kNoQueryMark.size());
    url.path = url.path.substr(0, mark);
  }
  while (url.path.starts_with('/')) url.path.remove_prefix(1);
  while (url.path.ends_with('/')) url.path.remove_suffix(1);
  return set(host_, url.host) && prefer_vhost(vhost) && set(app_, url.path);
}

bool RtmpName::open(std::string_view name) noexcept {
  const Url url = split_url(name);
  std::string_view stream = url.path;
  if (stream.empty()) {
    const size_t slash = app_.view().rfind('/');
    if (slash == std::string_view::npos) return false;
    stream = app_.view().substr(slash + 1);
    app_.length = static_cast<uint16_t>(slash);
  }
  return prefer_vhost(vhost_in_query(url.query)) && set(stream_, stream);
}

// SRS's name of an app that is not named.
std::string_view RtmpName::app() const noexcept { return app_.length == 0 ? kDefaultApp : app_.view(); }

bool RtmpName::set(Text& text, std::string_view value) noexcept {
  text.length = 0;
  for (const char c : value)
    if (!text.push(c)) return false;
  return true;
}

// Clients that know of no vhost may name the default one: then the host decides, as in SRS.
bool RtmpName::prefer_vhost(std::string_view vhost) noexcept {
  vhost = vhost.substr(0, vhost.find_first_of("/&?"));
  return vhost.empty() || vhost == kDefaultVhost || set(host_, vhost);
}

}  // namespace lb
