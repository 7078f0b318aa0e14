// SPDX-License-Identifier: MIT
// An rtnetlink socket of libnl-3 and the few conversions around it.
#pragma once

#include <netlink/netlink.h>
#include <netlink/route/link.h>

#include <memory>
#include <string>

#include "lb/address.h"
#include "lb/result.h"

namespace dataplane {

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

using NlAddress = std::unique_ptr<nl_addr, decltype(&nl_addr_put)>;
using NlCache = std::unique_ptr<nl_cache, decltype(&nl_cache_free)>;
using NlLink = std::unique_ptr<rtnl_link, decltype(&rtnl_link_put)>;

inline NlAddress to_nl(const lb::IpAddress& address, int prefix_length = -1) {
  const bool v4 = address.is_v4();
  const lb::be32 four = v4 ? address.as_v4() : lb::be32{};
  NlAddress nl(nl_addr_build(v4 ? AF_INET : AF_INET6, v4 ? static_cast<const void*>(&four) : address.bytes(),
                             v4 ? 4 : 16),
               &nl_addr_put);
  if (prefix_length >= 0) nl_addr_set_prefixlen(nl.get(), prefix_length);
  return nl;
}

inline lb::Error netlink_error(const std::string& what, int code) {
  return {what + ": " + nl_geterror(code)};
}

}  // namespace dataplane
