// SPDX-License-Identifier: MIT
#include "dataplane/interface.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

namespace dataplane {
namespace {

class Netlink {
 public:
  Netlink() : socket_(nl_socket_alloc()) {
    if (socket_ != nullptr) connected_ = nl_connect(socket_, NETLINK_ROUTE) == 0;
  }
  ~Netlink() { nl_socket_free(socket_); }
  Netlink(const Netlink&) = delete;
  Netlink& operator=(const Netlink&) = delete;
  [[nodiscard]] bool ok() const { return connected_; }
  [[nodiscard]] nl_sock* get() const { return socket_; }

 private:
  nl_sock* socket_;
  bool connected_ = false;
};

using Address = std::unique_ptr<nl_addr, decltype(&nl_addr_put)>;

Address to_nl(const lb::IpAddress& address, int prefix_length = -1) {
  const bool v4 = address.is_v4();
  const lb::be32 four = v4 ? address.as_v4() : lb::be32{};
  Address nl(nl_addr_build(v4 ? AF_INET : AF_INET6, v4 ? static_cast<const void*>(&four) : address.bytes(),
                           v4 ? 4 : 16),
             &nl_addr_put);
  if (prefix_length >= 0) nl_addr_set_prefixlen(nl.get(), prefix_length);
  return nl;
}

lb::Error netlink_error(const std::string& what, int code) { return {what + ": " + nl_geterror(code)}; }

lb::Status set_up(const Netlink& netlink, const std::string& interface) {
  rtnl_link* link = nullptr;
  int code = rtnl_link_get_kernel(netlink.get(), 0, interface.c_str(), &link);
  if (code < 0) return lb::Error{"no interface " + interface + " in this network namespace (see: ip link)"};
  rtnl_link* change = rtnl_link_alloc();
  rtnl_link_set_flags(change, IFF_UP);
  code = rtnl_link_change(netlink.get(), link, change, 0);
  rtnl_link_put(change);
  rtnl_link_put(link);
  if (code < 0) return netlink_error("cannot take " + interface + " up", code);
  return lb::Nothing{};
}

class Ethtool {
 public:
  explicit Ethtool(std::string interface)
      : interface_(std::move(interface)), fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {}
  ~Ethtool() { ::close(fd_); }
  Ethtool(const Ethtool&) = delete;
  Ethtool& operator=(const Ethtool&) = delete;

  template <typename Command>
  bool call(Command& command) const {
    ifreq request{};
    std::strncpy(request.ifr_name, interface_.c_str(), IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&command);
    return ::ioctl(fd_, SIOCETHTOOL, &request) == 0;
  }
  // Legacy on/off commands; drivers that cannot switch a feature refuse, which is as good as off for AF_XDP.
  void switch_off(uint32_t set_command) const {
    ethtool_value value{set_command, 0};
    call(value);
  }
  // A tag that the driver takes off is lost to AF_XDP.
  void leave_vlan_tags() const {
    ethtool_value flags{ETHTOOL_GFLAGS, 0};
    if (!call(flags)) return;
    flags.cmd = ETHTOOL_SFLAGS;
    flags.data &= ~static_cast<uint32_t>(ETH_FLAG_RXVLAN | ETH_FLAG_TXVLAN);
    call(flags);
  }

 private:
  std::string interface_;
  int fd_;
};

lb::Status set_queues(const Ethtool& ethtool, const std::string& interface, unsigned queues) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!ethtool.call(channels)) {
    if (queues == 1) return lb::Nothing{};  // a driver without channels has one queue
    return lb::Error{interface + " has one receive queue; set dataplane.workers to 1"};
  }
  if (channels.rx_count + channels.combined_count == queues) return lb::Nothing{};
  channels.cmd = ETHTOOL_SCHANNELS;
  if (channels.max_combined > 0) {
    channels.combined_count = queues;
  } else {
    channels.rx_count = queues;
    channels.tx_count = std::max(channels.tx_count, queues);
  }
  if (ethtool.call(channels)) return lb::Nothing{};
  return lb::Error{
      interface + " has other than " + std::to_string(queues) +
      " active receive queues, and packets of a queue without worker would be lost; mend: ethtool -L " +
      interface + (channels.max_combined > 0 ? " combined " : " rx ") + std::to_string(queues) +
      " (for a veth first: ethtool -L ITS-PEER tx " + std::to_string(queues) +
      "), or change dataplane.workers"};
}

lb::Status check_addresses(const Netlink& netlink, const std::string& interface,
                           const std::vector<lb::Prefix>& addresses) {
  const int index = static_cast<int>(::if_nametoindex(interface.c_str()));
  nl_cache* cache = nullptr;
  if (const int code = rtnl_addr_alloc_cache(netlink.get(), &cache); code < 0)
    return netlink_error("cannot list addresses", code);
  const std::unique_ptr<nl_cache, decltype(&nl_cache_free)> guard(cache, &nl_cache_free);
  for (const lb::Prefix& prefix : addresses) {
    const Address wanted = to_nl(prefix.address, prefix.length);
    rtnl_addr* found = rtnl_addr_get(cache, index, wanted.get());
    if (found == nullptr) continue;
    rtnl_addr_put(found);
    return lb::Error{interface + " carries " + prefix.to_string() +
                     " itself, but the address belongs to the punt tap; mend: ip address del " +
                     prefix.to_string() + " dev " + interface};
  }
  return lb::Nothing{};
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
  const Address via = to_nl(gateway);
  const lb::be32 any4{};
  const uint8_t any6[16] = {};
  const Address everywhere(
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

lb::Status prepare_interface(const std::string& interface, unsigned queues,
                             const std::vector<lb::Prefix>& addresses) {
  const Netlink netlink;
  if (!netlink.ok()) return lb::Error{"no netlink socket"};
  if (auto status = set_up(netlink, interface); !status) return status;
  if (auto status = check_addresses(netlink, interface, addresses); !status) return status;
  const Ethtool ethtool(interface);
  for (const uint32_t command : {ETHTOOL_SGRO, ETHTOOL_SGSO, ETHTOOL_STSO, ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM})
    ethtool.switch_off(command);
  ethtool.leave_vlan_tags();
  silence_kernel(interface);
  if (queues == 0) return lb::Nothing{};
  return set_queues(ethtool, interface, queues);
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
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (!Ethtool(interface).call(channels)) return 1;
  return std::max(channels.max_rx + channels.max_combined, 1U);
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
    const Address local = to_nl(prefix.address, prefix.length);
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
