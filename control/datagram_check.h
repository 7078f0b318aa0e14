// SPDX-License-Identifier: MIT
// A check that sends one datagram from a connected socket and judges what comes back: UDP, ICMP. The kernel lets through
// what comes from the backend's own address only.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/timed_check.h"

namespace control {

class DatagramCheck : public TimedCheck {
 protected:
  DatagramCheck(boost::asio::io_context& io, const lb::Endpoint& target, uint32_t timeout_ms,
                std::function<void(CheckResult)> done);

  enum class Judgement : uint8_t { kRight, kWrong, kNotOurs };

  // A socket of the target's family; -1 with errno if there is none.
  virtual int open_socket() = 0;
  // REQUIRES: open_socket() succeeded
  virtual std::vector<uint8_t> datagram() = 0;
  // After kNotOurs the check goes on.
  virtual Judgement judge(std::span<const uint8_t> answer) = 0;
  // What the error of the socket says; by default the words of TimedCheck.
  virtual void on_error(const boost::system::error_code& error) { fail(error); }

  [[nodiscard]] bool is_v4() const { return target_.address.is_v4(); }
  // The error that errno tells.
  static boost::system::error_code last_error();

 private:
  void begin() final;
  void close() final;
  void wait_for_answer();
  void read();

  const lb::Endpoint target_;
  boost::asio::posix::stream_descriptor socket_;
  std::array<uint8_t, kMaxCheckedAnswerBytes> answer_;
};

}  // namespace control
