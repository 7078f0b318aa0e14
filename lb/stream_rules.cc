// SPDX-License-Identifier: MIT
#include "lb/stream_rules.h"

#include <algorithm>

#include "lb/stream_key.h"

namespace lb {

Result<std::string> StreamRules::prefix_of(const VhostList& vhosts, const std::string& vhost,
                                           const std::string& app) {
  if (vhost.empty() && app.empty()) return Error{"a route names a vhost, an app or both"};
  const bool is_default = vhost.empty() || vhost == kDefaultVhost;
  const std::string_view known = is_default ? std::string_view() : vhosts.find(vhost);
  if (!is_default && known.empty()) return Error{"vhost '" + vhost + "' is not one of vhosts"};
  if (app.empty()) return std::string(known) + "/";
  // As some stream of the app is called, so that it is read as the client's is.
  const auto key = StreamKey::make(known, app, "x");
  if (!key) return Error{"app '" + app.substr(0, StreamKey::kMaxBytes) + "' is no name of an app"};
  const std::string_view text = key->text();
  return std::string(text.substr(0, text.size() - 1));
}

Result<StreamRules> StreamRules::make(std::span<const std::string> vhosts, std::span<const Route> routes,
                                      uint16_t pool) {
  StreamRules rules;
  auto list = VhostList::make(vhosts);
  if (!list) return Error{list.error()};
  rules.vhosts_ = std::move(list).value();
  rules.pool_ = pool;
  for (const Route& route : routes) {
    auto prefix = prefix_of(rules.vhosts_, route.vhost, route.app);
    if (!prefix) return Error{prefix.error()};
    rules.prefixes_.push_back({std::move(prefix).value(), route.pool});
  }
  std::sort(rules.prefixes_.begin(), rules.prefixes_.end(),
            [](const Prefix& a, const Prefix& b) { return a.text < b.text; });
  const auto twice = std::adjacent_find(rules.prefixes_.begin(), rules.prefixes_.end(),
                                        [](const Prefix& a, const Prefix& b) { return a.text == b.text; });
  if (twice != rules.prefixes_.end()) return Error{"two routes are of '" + twice->text + "'"};
  return rules;
}

// From the longest on.
const StreamRules::Prefix* StreamRules::find(std::string_view key) const noexcept {
  if (prefixes_.empty()) return nullptr;
  for (size_t slash = key.rfind('/'); slash != std::string_view::npos;) {
    const std::string_view wanted = key.substr(0, slash + 1);
    const auto at =
        std::lower_bound(prefixes_.begin(), prefixes_.end(), wanted,
                         [](const Prefix& prefix, std::string_view text) { return prefix.text < text; });
    if (at != prefixes_.end() && at->text == wanted) return &*at;
    if (slash == 0) break;
    slash = key.rfind('/', slash - 1);
  }
  return nullptr;
}

uint16_t StreamRules::pool_of(std::string_view key) const noexcept {
  const Prefix* found = find(key);
  return found != nullptr ? found->pool : pool_;
}

std::string_view StreamRules::route_of(std::string_view key) const noexcept {
  const Prefix* found = find(key);
  return found != nullptr ? std::string_view(found->text) : std::string_view();
}

std::vector<uint16_t> StreamRules::pools() const {
  std::vector<uint16_t> all{pool_};
  for (const Prefix& prefix : prefixes_)
    if (std::find(all.begin(), all.end(), prefix.pool) == all.end()) all.push_back(prefix.pool);
  return all;
}

}  // namespace lb
