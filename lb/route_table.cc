// SPDX-License-Identifier: MIT
#include "lb/route_table.h"

#include <algorithm>

namespace lb {

RouteTable::RouteTable(const std::vector<PortSpec>& ports) {
  for (size_t i = 0; i < ports.size(); ++i) {
    const auto port = static_cast<PortIndex>(i);
    Own own;
    for (const Prefix& prefix : ports[i].addresses) {
      const bool v4 = prefix.address.is_v4();
      (v4 ? networks_v4_ : networks_v6_).push_back({prefix.network(), prefix.mask(), port, prefix.length});
      IpAddress& first = v4 ? own.v4 : own.v6;
      if (first.is_unset()) first = prefix.address;
    }
    own_.push_back(own);
    if (ports[i].gateway_v4 && !default_v4_) default_v4_ = Route{port, *ports[i].gateway_v4};
    if (ports[i].gateway_v6 && !default_v6_) default_v6_ = Route{port, *ports[i].gateway_v6};
  }
  for (auto* networks : {&networks_v4_, &networks_v6_})
    std::stable_sort(networks->begin(), networks->end(),
                     [](const Network& a, const Network& b) { return a.length > b.length; });
}

IpAddress RouteTable::own_address(PortIndex port, Family family) const noexcept {
  if (port >= own_.size()) return {};
  return family == Family::kIpv4 ? own_[port].v4 : own_[port].v6;
}

}  // namespace lb
