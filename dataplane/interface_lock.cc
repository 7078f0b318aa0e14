// SPDX-License-Identifier: MIT
#include "dataplane/interface_lock.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace dataplane {

lb::Result<InterfaceLock> InterfaceLock::take(const std::string& interface) {
  InterfaceLock lock;
  lock.fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (lock.fd_ < 0) return lb::Error{std::string("no unix socket: ") + std::strerror(errno)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "cleat-interface-" + interface;
  if (name.size() + 1 > sizeof(address.sun_path)) return lb::Error{interface + " is no interface's name"};
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::bind(lock.fd_, reinterpret_cast<const sockaddr*>(&address), length) == 0) return lock;
  if (errno != EADDRINUSE) return lb::Error{interface + ": cannot lock it: " + std::strerror(errno)};
  return lb::Error{interface +
                   " is in use by another cleatd (see: ss -xlp | grep cleat-interface); stop that one, or " +
                   "give this one an interface of its own"};
}

}  // namespace dataplane
