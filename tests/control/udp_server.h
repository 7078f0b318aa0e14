// SPDX-License-Identifier: MIT
// A small real server of UDP on a loopback address that answers each datagram as a test wants, or not at all.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/asio.h"
// asio.h first, for <utility>.
#include <boost/asio/ip/udp.hpp>

#include "lb/address.h"

namespace control::test {

class UdpServer {
 public:
  explicit UdpServer(boost::asio::io_context& io, const std::string& address = "127.0.0.1")
      : address_(address), socket_(io, {boost::asio::ip::make_address(address), 0}) {
    port_ = socket_.local_endpoint().port();
    receive();
  }

  std::optional<std::string> reply;  // none: silence
  std::vector<std::string> datagrams;

  // `other` sends `text` to whoever sent here last.
  void forward_from(UdpServer& other, const std::string& text) {
    other.socket_.send_to(boost::asio::buffer(text), from_);
  }
  // Its port is closed from now on.
  void close() { socket_.close(); }
  [[nodiscard]] lb::Endpoint endpoint() const { return {*lb::IpAddress::parse(address_), port_}; }

 private:
  void receive() {
    socket_.async_receive_from(
        boost::asio::buffer(place_), from_,
        [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error, size_t size) {
          if (error || alive.expired()) return;
          datagrams.emplace_back(place_.data(), size);
          if (reply) socket_.send_to(boost::asio::buffer(*reply), from_);
          receive();
        });
  }

  const std::string address_;
  boost::asio::ip::udp::socket socket_;
  boost::asio::ip::udp::endpoint from_;
  std::array<char, 2048> place_{};
  uint16_t port_ = 0;
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace control::test
