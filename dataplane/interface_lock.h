// SPDX-License-Identifier: MIT
// One cleatd for each kernel interface: a second one would take the first one's XDP program off.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

#include "lb/result.h"

namespace dataplane {

// Held as an abstract unix socket (unix(7)): its names are those of one network namespace, as interfaces' are, and it is
// gone with the process, however that ends.
class InterfaceLock {
 public:
  InterfaceLock() = default;
  InterfaceLock(InterfaceLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  InterfaceLock& operator=(InterfaceLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~InterfaceLock() {
    if (fd_ >= 0) ::close(fd_);
  }

  // error  one line: another cleatd has it
  static lb::Result<InterfaceLock> take(const std::string& interface);
  // Some process holds it. Does not take it, not even for a moment.
  static bool is_taken(const std::string& interface);

 private:
  int fd_ = -1;
};

}  // namespace dataplane
