// SPDX-License-Identifier: MIT
#include "tests/peers/udp_socket.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace peers {

void give_up(const std::string& why) {
  std::fprintf(stderr, "quic-echo: %s\n", why.c_str());
  std::exit(2);
}

std::string Address::text() const {
  char ip[INET6_ADDRSTRLEN];
  if (storage.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
    return std::string(ip) + ":" + std::to_string(ntohs(v4->sin_port));
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
  inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
  return "[" + std::string(ip) + "]:" + std::to_string(ntohs(v6->sin6_port));
}

Address Address::of(const std::string& ip, uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof *v4;
  } else if (inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof *v6;
  } else {
    give_up("no address: " + ip);
  }
  return address;
}

Address Address::of(const ngtcp2_addr& from) {
  Address address;
  address.length = from.addrlen;
  std::memcpy(&address.storage, from.addr, from.addrlen);
  return address;
}

Address Address::parse(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) give_up("no port: " + text);
  std::string ip = text.substr(0, colon);
  if (ip.size() > 2 && ip.front() == '[') ip = ip.substr(1, ip.size() - 2);
  return of(ip, static_cast<uint16_t>(std::strtoul(text.c_str() + colon + 1, nullptr, 10)));
}

UdpSocket::UdpSocket(Address wanted)
    : descriptor_(socket(wanted.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (descriptor_ < 0 || bind(descriptor_, wanted.plain(), wanted.length) != 0) {
    give_up("cannot bind " + wanted.text() + ": " + std::strerror(errno));
  }
  getsockname(descriptor_, local_.plain(), &local_.length);
  const int bytes = 1 << 20;
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

UdpSocket::~UdpSocket() { close(descriptor_); }

bool UdpSocket::has(const ngtcp2_addr& address) const {
  return local_.length == address.addrlen && std::memcmp(&local_.storage, address.addr, address.addrlen) == 0;
}

void UdpSocket::send(const ngtcp2_addr& to, std::span<const uint8_t> datagram) {
  // What is not sent is lost; QUIC sends it again.
  sendto(descriptor_, datagram.data(), datagram.size(), 0, to.addr, to.addrlen);
}

std::span<const uint8_t> UdpSocket::receive(std::span<uint8_t> buffer, Address& from) {
  from.length = sizeof from.storage;
  const ssize_t size = recvfrom(descriptor_, buffer.data(), buffer.size(), 0, from.plain(), &from.length);
  return buffer.first(size > 0 ? static_cast<size_t>(size) : 0);
}

}  // namespace peers
