// SPDX-License-Identifier: MIT
// The vhosts of a service: the hosts whose streams are their own, as the servers' `vhost` sections name them. Streams of any
// other host, of an address or of none live in the default vhost, so that a publisher by name and a player by address meet.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lb/result.h"

namespace lb {

// What SRS calls the vhost of every host that has none of its own.
inline constexpr std::string_view kDefaultVhost = "__defaultVhost__";

// Immutable after make().
class VhostList {
 public:
  VhostList() = default;  // every host is the default vhost

  // names    any order and case; one that comes twice, and the default vhost's (`__defaultVhost__`), change nothing
  // returns  an error for a name that is empty, longer than 253 bytes, or has other bytes than letters, digits, `.`, `-` and `_`
  static Result<VhostList> make(std::span<const std::string> names);

  // host     as a Host header, a URL or a server name has it: any case, with or without a port and a final dot; any bytes
  // returns  the vhost in lower case, valid as long as the list; empty: the default vhost
  // cost     no allocation; a binary search
  [[nodiscard]] std::string_view find(std::string_view host) const noexcept;

 private:
  std::vector<std::string> names_;  // lower case, sorted
};

}  // namespace lb
