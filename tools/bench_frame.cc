// SPDX-License-Identifier: MIT
#include "tools/bench_frame.h"

#include <cstring>

#include "lb/checksum.h"
#include "lb/tunnel.h"
#include "lb/wire.h"

namespace bench {
namespace {

constexpr uint8_t kIpv4InIp = 4, kIpv6InIp = 41;
constexpr uint8_t kUdp = static_cast<uint8_t>(lb::Protocol::kUdp);

template <typename Header>
Header read(const uint8_t* bytes) {
  Header header;
  std::memcpy(&header, bytes, sizeof(header));
  return header;
}

// An IP packet, as far as it concerns us.
struct Ip {
  lb::IpAddress source, destination;
  uint8_t protocol = 0;
  bool header_right = true;
  std::span<const uint8_t> payload;
};

Ip read_ip(std::span<const uint8_t> packet) {
  Ip ip;
  if (packet[0] >> 4 == 6) {
    const auto header = read<lb::Ipv6Header>(packet.data());
    ip.source = lb::IpAddress::v6(header.source.data());
    ip.destination = lb::IpAddress::v6(header.destination.data());
    ip.protocol = header.next_header;
    ip.payload = packet.subspan(sizeof(header), header.payload_length.host());
    return ip;
  }
  const auto header = read<lb::Ipv4Header>(packet.data());
  ip.source = lb::IpAddress::v4(header.source);
  ip.destination = lb::IpAddress::v4(header.destination);
  ip.protocol = header.protocol;
  ip.header_right = lb::fold_sum(lb::add_bytes(0, packet.data(), sizeof(header))) == 0xffff;
  ip.payload = packet.first(header.total_length.host()).subspan(sizeof(header));
  return ip;
}

bool transport_right(const Ip& ip) {
  const uint64_t pseudo =
      lb::pseudo_header_sum(ip.source, ip.destination, ip.protocol, static_cast<uint32_t>(ip.payload.size()));
  return lb::fold_sum(lb::add_bytes(pseudo, ip.payload.data(), ip.payload.size())) == 0xffff;
}

// The packet in a tunnel's; empty if it is none.
std::span<const uint8_t> inner_of(const Ip& ip, lb::Forward forward) {
  const bool ipip = ip.protocol == kIpv4InIp || ip.protocol == kIpv6InIp;
  if (forward == lb::Forward::kIpip && ipip) return ip.payload;
  if (forward == lb::Forward::kGue && ip.protocol == kUdp &&
      read<lb::UdpHeader>(ip.payload.data()).destination.host() == lb::kGuePort)
    return ip.payload.subspan(sizeof(lb::UdpHeader));
  return {};
}

// RFC 768, RFC 8200 section 8.1; IP in IP has none.
bool outer_right(const Ip& ip) {
  if (ip.protocol != kUdp) return ip.header_right;
  const bool none = ip.source.is_v4() && read<lb::UdpHeader>(ip.payload.data()).checksum.raw == 0;
  return ip.header_right && (none || transport_right(ip));
}

uint8_t* write_ip(uint8_t* at, const lb::IpAddress& source, const lb::IpAddress& destination,
                  lb::Protocol protocol, size_t payload) {
  const auto number = static_cast<uint8_t>(protocol);
  const auto length = static_cast<uint16_t>(payload);
  if (!source.is_v4()) {
    lb::Ipv6Header header{lb::be32::of(0x60000000), lb::be16::of(length), number, 64, {}, {}};
    std::memcpy(header.source.data(), source.bytes(), 16);
    std::memcpy(header.destination.data(), destination.bytes(), 16);
    std::memcpy(at, &header, sizeof(header));
    return at + sizeof(header);
  }
  const auto total = static_cast<uint16_t>(sizeof(lb::Ipv4Header) + length);
  lb::Ipv4Header header{
      0x45, 0, lb::be16::of(total), {}, {}, 64, number, {}, source.as_v4(), destination.as_v4()};
  header.checksum =
      lb::checksum_of(lb::add_bytes(0, reinterpret_cast<const uint8_t*>(&header), sizeof(header)));
  std::memcpy(at, &header, sizeof(header));
  return at + sizeof(header);
}

}  // namespace

uint16_t write_frame(uint8_t* bytes, const lb::MacAddress& to, const lb::MacAddress& from,
                     const lb::Endpoint& source, const lb::Endpoint& destination, const Content& content) {
  const uint16_t type = source.address.is_v4() ? lb::kEtherIpv4 : lb::kEtherIpv6;
  const lb::EthernetHeader ethernet{to, from, lb::be16::of(type)};
  std::memcpy(bytes, &ethernet, sizeof(ethernet));
  const bool tcp = content.protocol == lb::Protocol::kTcp;
  const size_t header_bytes = tcp ? sizeof(lb::TcpHeader) : sizeof(lb::UdpHeader);
  const auto length = static_cast<uint16_t>(header_bytes + content.payload.size());
  uint8_t* const l4 =
      write_ip(bytes + sizeof(ethernet), source.address, destination.address, content.protocol, length);
  const lb::be16 from_port = lb::be16::of(source.port), to_port = lb::be16::of(destination.port);
  const lb::TcpHeader tcp_header{from_port, to_port,           lb::be32::of(1),      lb::be32::of(1),
                                 0x50,      content.tcp_flags, lb::be16::of(0xffff), {},
                                 {}};
  const lb::UdpHeader udp_header{from_port, to_port, lb::be16::of(length), {}};
  if (tcp)
    std::memcpy(l4, &tcp_header, sizeof(tcp_header));
  else
    std::memcpy(l4, &udp_header, sizeof(udp_header));
  if (!content.payload.empty())
    std::memcpy(l4 + header_bytes, content.payload.data(), content.payload.size());
  const uint64_t pseudo = lb::pseudo_header_sum(source.address, destination.address,
                                                static_cast<uint8_t>(content.protocol), length);
  const lb::be16 checksum = lb::checksum_of(lb::add_bytes(pseudo, l4, length));
  const lb::be16 sent = checksum.raw == 0 ? lb::be16{0xffff} : checksum;
  std::memcpy(l4 + (tcp ? offsetof(lb::TcpHeader, checksum) : offsetof(lb::UdpHeader, checksum)), &sent,
              sizeof(sent));
  return static_cast<uint16_t>(l4 + length - bytes);
}

Left read_frame(std::span<const uint8_t> frame, lb::Forward forward, bool checksums) {
  const auto ethernet = read<lb::EthernetHeader>(frame.data());
  const Ip outer = read_ip(frame.subspan(sizeof(ethernet)));
  const std::span<const uint8_t> tunnelled = inner_of(outer, forward);
  const Ip inner = tunnelled.empty() ? outer : read_ip(tunnelled);
  // Both protocols begin with their ports.
  const auto ports = read<lb::UdpHeader>(inner.payload.data());
  Left left{ethernet.destination,
            outer.destination,
            {inner.source, ports.source.host()},
            {inner.destination, ports.destination.host()}};
  if (checksums)
    left.checksums_right =
        inner.header_right && transport_right(inner) && (tunnelled.empty() || outer_right(outer));
  return left;
}

}  // namespace bench
