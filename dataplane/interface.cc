// SPDX-License-Identifier: MIT
#include "dataplane/interface.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>

#include "dataplane/ethtool.h"
#include "dataplane/frame_room.h"
#include "dataplane/interface_facts.h"
#include "dataplane/interface_findings.h"
#include "dataplane/netlink.h"
#include "dataplane/offloads.h"

namespace dataplane {
namespace {

lb::Status set_up(const Netlink& netlink, const std::string& interface) {
  rtnl_link* link = nullptr;
  int code = rtnl_link_get_kernel(netlink.get(), 0, interface.c_str(), &link);
  if (code < 0) return netlink_error("no interface " + interface, code);
  rtnl_link* change = rtnl_link_alloc();
  rtnl_link_set_flags(change, IFF_UP);
  code = rtnl_link_change(netlink.get(), link, change, 0);
  rtnl_link_put(change);
  rtnl_link_put(link);
  if (code < 0) return netlink_error("cannot take " + interface + " up", code);
  return lb::Nothing{};
}

lb::Status set_queues(const Ethtool& ethtool, const std::string& interface, unsigned queues) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!ethtool.call(channels)) return lb::Nothing{};  // a driver without channels has one queue
  const unsigned active = channels.rx_count + channels.combined_count;
  if (active == queues) return lb::Nothing{};
  channels.cmd = ETHTOOL_SCHANNELS;
  if (channels.max_combined > 0) {
    channels.combined_count = queues;
  } else {
    channels.rx_count = queues;
    channels.tx_count = std::max(channels.tx_count, queues);
  }
  if (ethtool.call(channels)) return lb::Nothing{};
  return lb::Error{one_line(other_queue_count(interface, active, queues, channels.max_combined > 0)) +
                   " (for a veth first: ethtool -L ITS-PEER tx " + std::to_string(queues) + ")"};
}

// Best effort: a kernel without IPv6 has no such file, and then nothing to switch off.
void write_sysctl(const std::string& path, const char* value) {
  std::ofstream file(path);
  file << value;
}

void silence_kernel(const std::string& interface) {
  const std::string v4 = "/proc/sys/net/ipv4/conf/" + interface;
  write_sysctl(v4 + "/arp_ignore", "8");  // answer for no address
  write_sysctl(v4 + "/rp_filter", "1");   // the port's networks are routed by the punt tap: nothing passes
  write_sysctl(v4 + "/forwarding", "0");
  write_sysctl("/proc/sys/net/ipv6/conf/" + interface + "/disable_ipv6", "1");
}

lb::Status add_default_route(const Netlink& netlink, int index, const lb::IpAddress& gateway) {
  const std::unique_ptr<rtnl_route, decltype(&rtnl_route_put)> route(rtnl_route_alloc(), &rtnl_route_put);
  const NlAddress via = to_nl(gateway);
  const lb::be32 any4{};
  const uint8_t any6[16] = {};
  const NlAddress everywhere(
      gateway.is_v4() ? nl_addr_build(AF_INET, &any4, 4) : nl_addr_build(AF_INET6, any6, 16), &nl_addr_put);
  nl_addr_set_prefixlen(everywhere.get(), 0);
  rtnl_route_set_family(route.get(), gateway.is_v4() ? AF_INET : AF_INET6);
  rtnl_route_set_table(route.get(), RT_TABLE_MAIN);
  rtnl_route_set_protocol(route.get(), RTPROT_STATIC);
  rtnl_route_set_dst(route.get(), everywhere.get());
  rtnl_nexthop* hop = rtnl_route_nh_alloc();
  rtnl_route_nh_set_gateway(hop, via.get());
  rtnl_route_nh_set_ifindex(hop, index);
  rtnl_route_add_nexthop(route.get(), hop);
  const int code = rtnl_route_add(netlink.get(), route.get(), NLM_F_REPLACE);
  if (code < 0 && code != -NLE_EXIST) return netlink_error("cannot route via " + gateway.to_string(), code);
  return lb::Nothing{};
}

}  // namespace

lb::Status prepare_interface(const PortOptions& port, const std::string& interface, unsigned workers) {
  const auto found = refusals(port, workers, read_interface(interface));
  if (const Finding* error = first_error(found)) return lb::Error{one_line(*error)};
  const Netlink netlink;
  if (!netlink.ok()) return lb::Error{"no netlink socket"};
  if (port.mtu != 0 && std::min(mtu_of(interface).value_or(0), kMostMtu) != port.mtu)
    if (auto status = set_mtu(interface, port.mtu); !status) return status;
  if (auto status = set_up(netlink, interface); !status) return status;
  const Ethtool ethtool(interface);
  for (const Offload& offload : kOffloads) ethtool.switch_off(offload.set);
  ethtool.switch_off(ETHTOOL_SRXCSUM);
  ethtool.leave_vlan_tags();
  silence_kernel(interface);
  if (port.device.starts_with("packet:")) return lb::Nothing{};
  return set_queues(ethtool, interface, workers);
}

lb::Status set_mtu(const std::string& interface, uint16_t mtu) {
  if (mtu_of(interface) == mtu) return lb::Nothing{};
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strncpy(request.ifr_name, interface.c_str(), IFNAMSIZ - 1);
  request.ifr_mtu = mtu;
  const bool taken = ::ioctl(fd, SIOCSIFMTU, &request) == 0;
  ::close(fd);
  if (taken) return lb::Nothing{};
  return lb::Error{one_line(mtu_refused(interface, mtu))};
}

lb::Status configure_tap(const std::string& tap, const std::vector<lb::Prefix>& addresses,
                         const std::optional<lb::IpAddress>& gateway_v4,
                         const std::optional<lb::IpAddress>& gateway_v6) {
  const Netlink netlink;
  if (!netlink.ok()) return lb::Error{"no netlink socket"};
  const std::string sysctl = "/proc/sys/net/ipv6/conf/" + tap;
  write_sysctl(sysctl + "/accept_ra", "0");
  write_sysctl(sysctl + "/accept_dad", "0");
  // Two taps in one kernel: each answers for its own addresses only.
  write_sysctl("/proc/sys/net/ipv4/conf/" + tap + "/arp_ignore", "1");
  if (auto status = set_up(netlink, tap); !status) return status;
  const int index = static_cast<int>(::if_nametoindex(tap.c_str()));
  for (const lb::Prefix& prefix : addresses) {
    const std::unique_ptr<rtnl_addr, decltype(&rtnl_addr_put)> address(rtnl_addr_alloc(), &rtnl_addr_put);
    rtnl_addr_set_ifindex(address.get(), index);
    const NlAddress local = to_nl(prefix.address, prefix.length);
    rtnl_addr_set_local(address.get(), local.get());
    rtnl_addr_set_prefixlen(address.get(), prefix.length);
    if (!prefix.address.is_v4()) rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
    const int code = rtnl_addr_add(netlink.get(), address.get(), 0);
    if (code < 0 && code != -NLE_EXIST)
      return netlink_error("cannot add " + prefix.to_string() + " to " + tap, code);
  }
  for (const auto& gateway : {gateway_v4, gateway_v6}) {
    if (!gateway) continue;
    if (auto status = add_default_route(netlink, index, *gateway); !status) return status;
  }
  return lb::Nothing{};
}

void detach_xdp(const std::string& interface) {
  const Netlink netlink;
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (!netlink.ok() || index == 0) return;
  // RTM_SETLINK with IFLA_XDP { IFLA_XDP_FD = -1 }; libnl-route has no call for it.
  std::unique_ptr<nl_msg, decltype(&nlmsg_free)> message(nlmsg_alloc_simple(RTM_SETLINK, NLM_F_REQUEST),
                                                         &nlmsg_free);
  ifinfomsg info{};
  info.ifi_index = static_cast<int>(index);
  nlmsg_append(message.get(), &info, sizeof(info), NLMSG_ALIGNTO);
  nlattr* xdp = nla_nest_start(message.get(), IFLA_XDP);
  nla_put_s32(message.get(), IFLA_XDP_FD, -1);
  nla_nest_end(message.get(), xdp);
  nl_send_sync(netlink.get(), message.release());  // frees it
}

}  // namespace dataplane
