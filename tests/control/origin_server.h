// SPDX-License-Identifier: MIT
// A small real server on 127.0.0.1 that answers health checks as a test wants: at once, never, drop by drop.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "control/asio.h"
#include "lb/address.h"

namespace control::test {

namespace asio = boost::asio;
using asio::ip::tcp;

// Runs `io` until `met` is true or `deadline` has passed; says which.
template <typename Condition>
bool run_until(asio::io_context& io, Condition met,
               std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    if (met()) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(20));
  }
}

inline std::string http_reply(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

class OriginServer {
 public:
  explicit OriginServer(asio::io_context& io)
      : io_(io), acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    port_ = acceptor_.local_endpoint().port();
    accept();
  }

  std::string reply = http_reply(200, "");
  bool hangs = false;                     // takes the request and says nothing
  std::chrono::milliseconds byte_gap{0};  // not 0: one byte of the reply each gap
  std::vector<std::string> requests;      // heads of requests, in order of arrival
  unsigned connections = 0;
  unsigned closed_by_client = 0;

  // No longer listens: connects are refused.
  void refuse() { acceptor_.close(); }
  // Listens again on the same port.
  void listen_again() {
    acceptor_.open(tcp::v4());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind({asio::ip::address_v4::loopback(), port_});
    acceptor_.listen();
    accept();
  }

  [[nodiscard]] uint16_t port() const { return port_; }
  [[nodiscard]] lb::Endpoint endpoint() const { return {*lb::IpAddress::parse("127.0.0.1"), port_}; }

 private:
  struct Connection {
    explicit Connection(tcp::socket s) : socket(std::move(s)), timer(socket.get_executor()) {}
    tcp::socket socket;
    asio::steady_timer timer;
    std::string head, reply;
    std::array<char, 1024> buffer{};
    size_t sent = 0;
  };

  void accept() {
    acceptor_.async_accept(
        [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error, tcp::socket socket) {
          if (error || alive.expired()) return;
          ++connections;
          read(std::make_shared<Connection>(std::move(socket)));
          accept();
        });
  }

  void read(std::shared_ptr<Connection> c) {
    auto& place = c->buffer;
    c->socket.async_read_some(asio::buffer(place), [this, c, alive = std::weak_ptr(alive_)](
                                                       const boost::system::error_code& error, size_t n) {
      if (alive.expired()) return;
      if (error) {
        ++closed_by_client;
        return;
      }
      c->head.append(c->buffer.data(), n);
      if (c->head.find("\r\n\r\n") == std::string::npos) return read(c);
      requests.push_back(std::exchange(c->head, {}));
      c->reply = reply;
      if (hangs) return read(c);
      send(c);
    });
  }

  void send(std::shared_ptr<Connection> c) {
    if (c->sent == c->reply.size()) {
      boost::system::error_code ignored;
      c->socket.shutdown(tcp::socket::shutdown_send, ignored);
      return;
    }
    const size_t n = byte_gap.count() == 0 ? c->reply.size() - c->sent : 1;
    c->timer.expires_after(byte_gap);
    c->timer.async_wait([this, c, n, alive = std::weak_ptr(alive_)](const boost::system::error_code&) {
      if (alive.expired()) return;
      c->socket.async_write_some(asio::buffer(c->reply.data() + c->sent, n),
                                 [this, c, alive](const boost::system::error_code& error, size_t written) {
                                   if (alive.expired()) return;
                                   if (error) {
                                     ++closed_by_client;
                                     return;
                                   }
                                   c->sent += written;
                                   send(c);
                                 });
    });
  }

  asio::io_context& io_;
  tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  // The loop goes on when the server is gone: what had arrived by then must not reach for it.
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace control::test
