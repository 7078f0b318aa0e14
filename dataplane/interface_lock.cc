// SPDX-License-Identifier: MIT
#include "dataplane/interface_lock.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "dataplane/interface_findings.h"

namespace dataplane {
namespace {

// nullopt: the name is too long for an interface's.
std::optional<std::pair<sockaddr_un, socklen_t>> address_of(const std::string& interface) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "cleat-interface-" + interface;
  if (name.size() + 1 > sizeof(address.sun_path)) return std::nullopt;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  return std::pair(address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size()));
}

}  // namespace

lb::Result<InterfaceLock> InterfaceLock::take(const std::string& interface) {
  InterfaceLock lock;
  lock.fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (lock.fd_ < 0) return lb::Error{std::string("no unix socket: ") + std::strerror(errno)};
  const auto address = address_of(interface);
  if (!address) return lb::Error{interface + " is no interface's name"};
  if (::bind(lock.fd_, reinterpret_cast<const sockaddr*>(&address->first), address->second) == 0) return lock;
  if (errno != EADDRINUSE) return lb::Error{interface + ": cannot lock it: " + std::strerror(errno)};
  return lb::Error{one_line(interface_in_use(interface))};
}

bool InterfaceLock::is_taken(const std::string& interface) {
  const auto address = address_of(interface);
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (!address || fd < 0) return false;
  const bool answered =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address->first), address->second) == 0;
  ::close(fd);
  return answered;
}

}  // namespace dataplane
