// SPDX-License-Identifier: MIT
#include "control/datagram_check.h"

#include <netinet/in.h>

#include <cerrno>

#include "control/asio_endpoint.h"

namespace control {

using boost::system::error_code;

DatagramCheck::DatagramCheck(boost::asio::io_context& io, const lb::Endpoint& target, uint32_t timeout_ms,
                             std::function<void(CheckResult)> done)
    : TimedCheck(io, timeout_ms, std::move(done)), target_(target), socket_(io) {}

error_code DatagramCheck::last_error() { return {errno, boost::system::system_category()}; }

void DatagramCheck::begin() {
  const int fd = open_socket();
  if (fd < 0) return on_error(last_error());
  socket_.assign(fd);
  // Otherwise the kernel keeps to itself that nobody answers ARP or neighbour discovery.
  const int on = 1;
  ::setsockopt(fd, is_v4() ? IPPROTO_IP : IPPROTO_IPV6, is_v4() ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on);
  const auto target = asio_endpoint<boost::asio::ip::udp>(target_);
  if (::connect(fd, target.data(), static_cast<socklen_t>(target.size())) != 0) return on_error(last_error());
  const std::vector<uint8_t> sent = datagram();
  if (::send(fd, sent.data(), sent.size(), MSG_DONTWAIT) < 0) return on_error(last_error());
  wait_for_answer();
}

void DatagramCheck::close() {
  error_code ignored;
  socket_.close(ignored);
}

void DatagramCheck::wait_for_answer() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this, self = shared_from_this()](const error_code& error) {
                       if (over()) return;
                       if (error) return on_error(error);
                       read();
                     });
}

void DatagramCheck::read() {
  const ssize_t size = ::recv(socket_.native_handle(), answer_.data(), answer_.size(), MSG_DONTWAIT);
  if (size < 0 && errno != EAGAIN && errno != EINTR) return on_error(last_error());
  const auto judgement = size < 0 ? Judgement::kNotOurs : judge({answer_.data(), static_cast<size_t>(size)});
  switch (judgement) {
    case Judgement::kRight:
      return pass();
    case Judgement::kWrong:
      return fail("answer mismatch");
    case Judgement::kNotOurs:
      return wait_for_answer();
  }
}

}  // namespace control
