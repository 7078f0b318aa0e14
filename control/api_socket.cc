// SPDX-License-Identifier: MIT
#include "control/api_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace control {
namespace {

constexpr char kListens[] = ": another process listens there; stop it or name another socket";

std::string errno_text(int error) { return std::strerror(error); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int open_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }

// True: a killed process left `path`. Error: it cannot be taken.
lb::Result<bool> is_stale(const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return lb::Error{path + ": " + errno_text(errno)};
  }
  if (!S_ISSOCK(file.st_mode))
    return lb::Error{path + " is there and is no socket; remove it or name another"};
  const int fd = open_socket();
  if (fd < 0) return lb::Error{path + ": " + errno_text(errno)};
  const sockaddr_un address = address_of(path);
  const int error =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::close(fd);
  if (error == 0) return lb::Error{path + kListens};
  if (error == ENOENT) return false;
  if (error != ECONNREFUSED) return lb::Error{path + ": " + errno_text(error)};
  return true;
}

}  // namespace

lb::Result<ApiSocket> ApiSocket::bind(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    return lb::Error{"api socket \"" + path + "\": a path of 1 to 107 bytes is wanted"};
  if (const auto parent = std::filesystem::path(path).parent_path(); !parent.empty()) {
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error) return lb::Error{"api socket: " + parent.string() + ": " + error.message()};
  }
  const auto stale = is_stale(path);
  if (!stale) return lb::Error{"api socket " + stale.error()};
  if (stale.value() && ::unlink(path.c_str()) != 0 && errno != ENOENT)
    return lb::Error{"api socket " + path + ": " + errno_text(errno)};

  const int fd = open_socket();
  if (fd < 0) return lb::Error{"api socket " + path + ": " + errno_text(errno)};
  const sockaddr_un address = address_of(path);
  // By umask rather than by a later chmod: nobody may slip in between.
  const mode_t former = ::umask(0117);
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  ::umask(former);
  if (!bound) {
    ::close(fd);
    return lb::Error{"api socket " + path + ": " + errno_text(error)};
  }
  ApiSocket made(path, fd);
  struct stat file {};
  if (::listen(fd, 128) != 0 || ::lstat(path.c_str(), &file) != 0)
    return lb::Error{"api socket " + path + ": " + errno_text(errno)};
  made.device_ = file.st_dev;
  made.inode_ = file.st_ino;
  return made;
}

ApiSocketLook ApiSocket::look(const std::string& path) {
  if (const auto stale = is_stale(path); !stale) return {stale.error(), stale.error().ends_with(kListens)};
  std::error_code none;
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  while (folder.has_relative_path() && !std::filesystem::exists(folder, none)) folder = folder.parent_path();
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return {path + ": " + folder.string() + ": " + errno_text(errno), false};
}

ApiSocket::~ApiSocket() {
  if (fd_ >= 0) ::close(fd_);
  struct stat file {};
  if (path_.empty() || ::lstat(path_.c_str(), &file) != 0) return;
  if (file.st_dev == device_ && file.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace control
