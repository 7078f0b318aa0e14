// SPDX-License-Identifier: MIT
#include "control/datagram_check.h"

#include <netinet/in.h>

#include <algorithm>
#include <cerrno>

namespace control {
namespace {

using boost::system::error_code;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress socket_address(const lb::Endpoint& endpoint) {
  SocketAddress out;
  const uint8_t* bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    std::copy_n(bytes + 12, 4, reinterpret_cast<uint8_t*>(&v4->sin_addr));
    out.length = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    std::copy_n(bytes, 16, reinterpret_cast<uint8_t*>(&v6->sin6_addr));
    out.length = sizeof *v6;
  }
  return out;
}

}  // namespace

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
  const SocketAddress target = socket_address(target_);
  const auto* name = reinterpret_cast<const sockaddr*>(&target.storage);
  if (::connect(fd, name, target.length) != 0) return on_error(last_error());
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
