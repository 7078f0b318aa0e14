// SPDX-License-Identifier: MIT
// Where a packet leaves: on-link networks of the ports and one default gateway per family.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "lb/address.h"
#include "lb/frame.h"
#include "lb/snapshot_spec.h"

namespace lb {

struct Route {
  PortIndex port = 0;
  IpAddress next_hop;  // on-link address whose MAC is asked for
};

// Immutable after construction. A handful of networks: longest prefix first, linear search.
class RouteTable {
 public:
  RouteTable() = default;
  explicit RouteTable(const std::vector<PortSpec>& ports);

  // The way to `destination`; nullopt without an on-link network or a gateway of its family.
  [[nodiscard]] std::optional<Route> find(const IpAddress& destination) const noexcept {
    if (const auto port = on_link_port(destination)) return Route{*port, destination};
    return destination.is_v4() ? default_v4_ : default_v6_;
  }
  // The port on whose network `address` lies; nullopt if on none.
  [[nodiscard]] std::optional<PortIndex> on_link_port(const IpAddress& address) const noexcept {
    if (address.is_v4()) {
      for (const Network& n : networks_v4_)
        if (((address.low() ^ n.network.low()) & n.mask.low()) == 0) return n.port;
    } else {
      for (const Network& n : networks_v6_)
        if ((((address.high() ^ n.network.high()) & n.mask.high()) |
             ((address.low() ^ n.network.low()) & n.mask.low())) == 0)
          return n.port;
    }
    return std::nullopt;
  }
  // The port's own address of a family, as sender of ARP requests and solicitations; unset if it has none.
  [[nodiscard]] IpAddress own_address(PortIndex port, Family family) const noexcept;

 private:
  struct Network {
    IpAddress network, mask;
    PortIndex port;
    uint8_t length;
  };
  struct Own {
    IpAddress v4, v6;
  };
  std::vector<Network> networks_v4_, networks_v6_;
  std::vector<Own> own_;
  std::optional<Route> default_v4_, default_v6_;
};

}  // namespace lb
