// SPDX-License-Identifier: MIT
#include "lb/vhost_list.h"

#include <algorithm>

#include "lb/ascii.h"

namespace lb {
namespace {

constexpr size_t kLongestName = 253;  // RFC 1035 section 3.1, in text

constexpr bool is_name_char(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool less(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return lower(x) < lower(y); });
}

// No vhost has a colon, so an IPv6 address may be cut anywhere.
std::string_view bare(std::string_view host) {
  host = host.substr(0, host.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

}  // namespace

Result<VhostList> VhostList::make(std::span<const std::string> names) {
  VhostList list;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kLongestName || !std::all_of(name.begin(), name.end(), is_name_char))
      return Error{"vhost '" + name + "' is no host name: letters, digits, '.', '-' and '_'"};
    if (name == kDefaultVhost) continue;
    std::string& kept = list.names_.emplace_back(name);
    std::transform(kept.begin(), kept.end(), kept.begin(), lower);
    if (kept.size() > 1 && kept.ends_with('.')) kept.pop_back();
  }
  std::sort(list.names_.begin(), list.names_.end());
  list.names_.erase(std::unique(list.names_.begin(), list.names_.end()), list.names_.end());
  return list;
}

std::string_view VhostList::find(std::string_view host) const noexcept {
  const std::string_view wanted = bare(host);
  const auto found = std::lower_bound(names_.begin(), names_.end(), wanted, less);
  return found != names_.end() && !less(wanted, *found) ? std::string_view(*found) : std::string_view();
}

}  // namespace lb
