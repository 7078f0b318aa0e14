// SPDX-License-Identifier: MIT
// An address as sockets and libngtcp2 want it, and a bound UDP socket.
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <sys/socket.h>

#include <cstdint>
#include <span>
#include <string>

namespace peers {

// Says what is wrong on standard error and ends the program with 2.
[[noreturn]] void give_up(const std::string& why);

struct Address {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;

  sockaddr* plain() { return reinterpret_cast<sockaddr*>(&storage); }
  ngtcp2_addr for_quic() { return {plain(), length}; }
  std::string text() const;  // 10.0.0.1:443 or [::1]:443

  static Address of(const std::string& ip, uint16_t port);  // gives up if `ip` is none
  static Address of(const ngtcp2_addr& address);
  static Address parse(const std::string& text);  // as text() writes it
};

// Not blocking. Gives up if it cannot be bound.
class UdpSocket {
 public:
  explicit UdpSocket(Address wanted);
  UdpSocket(const UdpSocket&) = delete;
  ~UdpSocket();

  int descriptor() const { return descriptor_; }
  Address& local() { return local_; }
  bool has(const ngtcp2_addr& address) const;

  void send(const ngtcp2_addr& to, std::span<const uint8_t> datagram);
  // returns the bytes received into `buffer`, with their sender in `from`; empty if there are none
  std::span<const uint8_t> receive(std::span<uint8_t> buffer, Address& from);

 private:
  int descriptor_;
  Address local_;
};

}  // namespace peers
