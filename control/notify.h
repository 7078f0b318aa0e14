// SPDX-License-Identifier: MIT
// Tells a service manager how the process is (sd_notify(3)): datagrams of NAME=value lines to a unix socket.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace control {

// What a service manager asks for.
struct NotifyTarget {
  std::string socket;                     // its path, or '@' and an abstract name; "": nobody listens
  std::chrono::microseconds watchdog{0};  // it wants to hear of us as often at least; 0: it does not
};

// socket, watchdog_us, watchdog_pid   the values of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; null: not set
// returns   no watchdog if it is meant for another process, or if its time is no number of at least 1
NotifyTarget notify_target(const char* socket, const char* watchdog_us, const char* watchdog_pid);

// One thread, that of the io_context.
class Notify {
 public:
  // Opens a socket for its lifetime, so that a lack of file descriptors later cannot silence it.
  explicit Notify(NotifyTarget target);
  ~Notify();
  Notify(const Notify&) = delete;
  Notify& operator=(const Notify&) = delete;

  [[nodiscard]] bool listened_to() const { return fd_ >= 0; }
  // Between two signs of life, half of what the manager waits for; 0: none are wanted.
  [[nodiscard]] std::chrono::microseconds beat_interval() const;

  void ready();
  // A pair; before ready() neither says anything, for what starts up does not reload.
  void reloading();
  void reloaded();
  void stopping();  // after ready() only, and once
  void alive();     // the sign of life
  // text   one line; said only when it differs from the former
  void status(const std::string& text);

 private:
  // cost   waits 0.1 s at most if the manager does not take what it was sent; not again until it has taken something.
  //        What is lost is logged, the first time.
  void say(std::string_view lines);

  NotifyTarget target_;
  int fd_ = -1;
  bool ready_ = false, deaf_ = false;
  std::string status_;
};

}  // namespace control
