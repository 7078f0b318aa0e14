// SPDX-License-Identifier: MIT
#include "control/notify.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <optional>
#include <utility>

#include "control/log.h"
#include "control/one_line.h"

namespace control {
namespace {

constexpr timeval kPatience{.tv_sec = 0, .tv_usec = 100'000};

std::optional<int64_t> number(const char* text) {
  int64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Longer names than fit are refused where it is opened.
socklen_t address_of(const std::string& name, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  // An abstract name ends where the length says so.
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
}

void log_unheard(const std::string& socket, const char* reason) {
  log_event(LogLevel::kWarning, "service manager not told", {{"socket", socket}, {"reason", reason}});
}

}  // namespace

NotifyTarget notify_target(const char* socket, const char* watchdog_us, const char* watchdog_pid) {
  NotifyTarget target;
  if (socket == nullptr || *socket == '\0') return target;
  target.socket = socket;
  if (watchdog_us == nullptr) return target;
  if (watchdog_pid != nullptr && number(watchdog_pid) != int64_t{::getpid()}) return target;
  if (const auto us = number(watchdog_us); us && *us > 0) target.watchdog = std::chrono::microseconds(*us);
  return target;
}

Notify::Notify(NotifyTarget target) : target_(std::move(target)) {
  const std::string& name = target_.socket;
  if (name.empty()) return;
  if ((name[0] != '/' && name[0] != '@') || name.size() >= sizeof(sockaddr_un::sun_path)) {
    log_unheard(name, "neither the path of a socket nor an abstract name");
    return;
  }
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    log_unheard(name, std::strerror(errno));
  else
    (void)::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
}

Notify::~Notify() {
  if (fd_ >= 0) ::close(fd_);
}

std::chrono::microseconds Notify::beat_interval() const {
  if (!listened_to() || target_.watchdog.count() == 0) return std::chrono::microseconds(0);
  return std::max(target_.watchdog / 2, std::chrono::microseconds(1));
}

void Notify::ready() {
  ready_ = true;
  say("READY=1");
}

void Notify::reloading() {
  if (!ready_) return;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t us = int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us));
}

void Notify::reloaded() {
  if (ready_) ready();
}

void Notify::stopping() {
  if (std::exchange(ready_, false)) say("STOPPING=1");
}

void Notify::alive() { say("WATCHDOG=1"); }

void Notify::status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  say("STATUS=" + one_line(text));
}

void Notify::say(std::string_view lines) {
  if (fd_ < 0) return;
  const int flags = MSG_NOSIGNAL | (deaf_ ? MSG_DONTWAIT : 0);
  sockaddr_un address;
  const socklen_t size = address_of(target_.socket, address);
  const bool heard = ::sendto(fd_, lines.data(), lines.size(), flags,
                              reinterpret_cast<const sockaddr*>(&address), size) >= 0;
  if (!heard && !deaf_) log_unheard(target_.socket, std::strerror(errno));
  deaf_ = !heard;
}

}  // namespace control
