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
      networks_.push_back({prefix.network(), prefix.mask(), port,
                           static_cast<uint8_t>(v4 ? 96 + prefix.length : prefix.length)});
      IpAddress& first = v4 ? own.v4 : own.v6;
      if (first.is_unset()) first = prefix.address;
    }
    own_.push_back(own);
    if (ports[i].gateway_v4 && !default_v4_) default_v4_ = Route{port, *ports[i].gateway_v4};
    if (ports[i].gateway_v6 && !default_v6_) default_v6_ = Route{port, *ports[i].gateway_v6};
  }
  std::stable_sort(networks_.begin(), networks_.end(),
                   [](const Network& a, const Network& b) { return a.length > b.length; });
}

std::optional<PortIndex> RouteTable::on_link_port(const IpAddress& address) const noexcept {
  for (const Network& n : networks_)
    if ((address.high() & n.mask.high()) == n.network.high() &&
        (address.low() & n.mask.low()) == n.network.low())
      return n.port;
  return std::nullopt;
}

std::optional<Route> RouteTable::find(const IpAddress& destination) const noexcept {
  if (const auto port = on_link_port(destination)) return Route{*port, destination};
  return destination.is_v4() ? default_v4_ : default_v6_;
}

IpAddress RouteTable::own_address(PortIndex port, Family family) const noexcept {
  if (port >= own_.size()) return {};
  return family == Family::kIpv4 ? own_[port].v4 : own_[port].v6;
}

}  // namespace lb
