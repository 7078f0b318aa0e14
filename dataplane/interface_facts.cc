// SPDX-License-Identifier: MIT
#include "dataplane/interface_facts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <algorithm>
#include <cstring>

#include "dataplane/ethtool.h"
#include "dataplane/netlink.h"
#include "dataplane/offloads.h"

namespace dataplane {
namespace {

std::optional<lb::IpAddress> to_address(nl_addr* address) {
  if (address == nullptr) return std::nullopt;
  if (nl_addr_get_family(address) == AF_INET && nl_addr_get_len(address) == 4) {
    lb::be32 four{};
    std::memcpy(&four, nl_addr_get_binary_addr(address), 4);
    return lb::IpAddress::v4(four);
  }
  if (nl_addr_get_family(address) == AF_INET6 && nl_addr_get_len(address) == 16)
    return lb::IpAddress::v6(nl_addr_get_binary_addr(address));
  return std::nullopt;
}

template <typename Object, typename Visit>
void each(nl_cache* cache, Visit visit) {
  for (nl_object* o = nl_cache_get_first(cache); o != nullptr; o = nl_cache_get_next(o))
    visit(reinterpret_cast<Object*>(o));
}

// visit(prefix, index of the interface)
template <typename Visit>
void each_address(const Netlink& netlink, Visit visit) {
  nl_cache* raw = nullptr;
  if (rtnl_addr_alloc_cache(netlink.get(), &raw) < 0) return;
  const NlCache cache(raw, &nl_cache_free);
  each<rtnl_addr>(cache.get(), [&](rtnl_addr* address) {
    const auto local = to_address(rtnl_addr_get_local(address));
    if (!local || rtnl_addr_get_scope(address) == RT_SCOPE_LINK) return;
    visit(lb::Prefix{*local, static_cast<uint8_t>(rtnl_addr_get_prefixlen(address))},
          rtnl_addr_get_ifindex(address));
  });
}

std::optional<lb::IpAddress> default_gateway(const Netlink& netlink, int index) {
  nl_cache* raw = nullptr;
  if (rtnl_route_alloc_cache(netlink.get(), AF_UNSPEC, 0, &raw) < 0) return std::nullopt;
  const NlCache cache(raw, &nl_cache_free);
  std::optional<lb::IpAddress> found;
  each<rtnl_route>(cache.get(), [&](rtnl_route* route) {
    if (rtnl_route_get_table(route) != RT_TABLE_MAIN) return;
    nl_addr* to = rtnl_route_get_dst(route);
    if (to != nullptr && nl_addr_get_prefixlen(to) != 0) return;
    for (int i = 0; i < rtnl_route_get_nnexthops(route); ++i) {
      rtnl_nexthop* hop = rtnl_route_nexthop_n(route, i);
      if (rtnl_route_nh_get_ifindex(hop) != index) continue;
      if (const auto gateway = to_address(rtnl_route_nh_get_gateway(hop)); gateway && !found) found = gateway;
    }
  });
  return found;
}

void read_queues(InterfaceFacts& facts) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!Ethtool(facts.name).call(channels)) return;
  facts.queues = channels.rx_count + channels.combined_count;
  facts.possible_queues = std::max(channels.max_rx + channels.max_combined, 1U);
  facts.combined = channels.max_combined > 0;
}

void read_xdp(InterfaceFacts& facts, int index) {
  if (bpf_xdp_query_id(index, 0, &facts.xdp_program) != 0) facts.xdp_program = 0;
  if (facts.xdp_program == 0) return;
  const int program = bpf_prog_get_fd_by_id(facts.xdp_program);
  if (program < 0) return;
  bpf_prog_info info{};
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(program, &info, &length) == 0) facts.xdp_name = info.name;
  ::close(program);
}

}  // namespace

InterfaceFacts read_interface(const std::string& name) {
  InterfaceFacts facts;
  facts.name = name;
  const Netlink netlink;
  rtnl_link* raw = nullptr;
  if (!netlink.ok() || rtnl_link_get_kernel(netlink.get(), 0, name.c_str(), &raw) < 0) return facts;
  const NlLink link(raw, &rtnl_link_put);
  const int index = rtnl_link_get_ifindex(link.get());
  facts.exists = true;
  facts.up = (rtnl_link_get_flags(link.get()) & IFF_UP) != 0;
  facts.carrier = (rtnl_link_get_flags(link.get()) & IFF_RUNNING) != 0;
  if (const char* kind = rtnl_link_get_type(link.get())) facts.kind = kind;
  facts.mtu = rtnl_link_get_mtu(link.get());
  each_address(netlink, [&](const lb::Prefix& prefix, int of) {
    if (of == index) facts.addresses.push_back(prefix);
  });
  facts.default_gateway = default_gateway(netlink, index);
  facts.offloads = offloads_on(Ethtool(name));
  read_queues(facts);
  read_xdp(facts, index);
  return facts;
}

std::vector<KernelAddress> kernel_addresses() {
  std::vector<KernelAddress> all;
  const Netlink netlink;
  if (!netlink.ok()) return all;
  each_address(netlink, [&](const lb::Prefix& prefix, int index) {
    char name[IF_NAMESIZE] = "";
    if (::if_indextoname(static_cast<unsigned>(index), name) != nullptr) all.push_back({prefix, name});
  });
  return all;
}

std::optional<uint16_t> mtu_of(const std::string& interface) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  const bool known = ::ioctl(fd, SIOCGIFMTU, &request) == 0;
  ::close(fd);
  if (!known) return std::nullopt;
  return static_cast<uint16_t>(std::clamp(request.ifr_mtu, 0, 0xffff));
}

unsigned possible_queues(const std::string& interface) {
  InterfaceFacts facts;
  facts.name = interface;
  read_queues(facts);
  return facts.possible_queues;
}

LinkState kernel_link(const std::string& interface) {
  LinkState link{false, 0};
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  if (::ioctl(fd, SIOCGIFFLAGS, &request) == 0)
    link.up = (request.ifr_flags & IFF_UP) != 0 && (request.ifr_flags & IFF_RUNNING) != 0;
  ::close(fd);
  // The old command of one word for the speed; drivers that have none answer all ones.
  ethtool_cmd settings{};
  settings.cmd = ETHTOOL_GSET;
  if (link.up && Ethtool(interface).call(settings)) {
    const uint32_t speed = ethtool_cmd_speed(&settings);
    if (speed != static_cast<uint32_t>(SPEED_UNKNOWN)) link.speed_mbps = speed;
  }
  return link;
}

}  // namespace dataplane
