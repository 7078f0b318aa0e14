// SPDX-License-Identifier: MIT
// One interface by ethtool's ioctl (linux/ethtool.h).
#pragma once

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>

namespace dataplane {

class Ethtool {
 public:
  // Asks the network namespace that the thread is in now.
  explicit Ethtool(std::string interface)
      : interface_(std::move(interface)), fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~Ethtool() { ::close(fd_); }
  Ethtool(const Ethtool&) = delete;
  Ethtool& operator=(const Ethtool&) = delete;

  // command  one of linux/ethtool.h's structures, its `cmd` set; the answer comes back in it
  // returns  false: no such interface, or its driver cannot
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
  [[nodiscard]] bool is_on(uint32_t get_command) const {
    ethtool_value value{get_command, 0};
    return call(value) && value.data != 0;
  }

 private:
  std::string interface_;
  int fd_;
};

}  // namespace dataplane
