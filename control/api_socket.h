// SPDX-License-Identifier: MIT
// The file of a listening unix socket (unix(7)): made with care, removed at the end.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "lb/result.h"

namespace control {

// Why a socket could not be made; "" if it could.
struct ApiSocketLook {
  std::string problem;  // one line that names the path
  bool in_use = false;  // because another process listens there
};

// Owns the listening descriptor and the name in the file system; the name goes with the object.
class ApiSocket {
 public:
  // Makes the parent folder if it is missing (mode 0755) and listens on `path` with mode 0660. A socket that
  // is there is replaced only if a connect to it is refused.
  // path    1..107 bytes
  // error   one line that names the path and what to do
  // thread  any; sets the process's umask for a moment
  static lb::Result<ApiSocket> bind(const std::string& path);

  // What bind() would say, as far as a look tells. Makes nothing. thread: any
  static ApiSocketLook look(const std::string& path);

  ~ApiSocket();
  ApiSocket(ApiSocket&& other) noexcept
      : path_(std::exchange(other.path_, {})),
        fd_(std::exchange(other.fd_, -1)),
        device_(other.device_),
        inode_(other.inode_) {}
  ApiSocket& operator=(ApiSocket&&) = delete;

  // Hands the descriptor to the caller, who closes it.
  int release_fd() { return std::exchange(fd_, -1); }

 private:
  ApiSocket(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_;
  dev_t device_ = 0;  // of the file that was made: another's is left alone
  ino_t inode_ = 0;
};

}  // namespace control
