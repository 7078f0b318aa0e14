// SPDX-License-Identifier: MIT
#include "lb/emit.h"

#include <cstring>

#include "lb/checksum.h"
#include "lb/ip_header.h"
#include "lb/wire.h"

namespace lb {
namespace {

// Lays a header down and returns the place behind it.
template <typename Header>
uint8_t* put(uint8_t* at, const Header& header) {
  std::memcpy(at, &header, sizeof(header));
  return at + sizeof(header);
}

}  // namespace

bool emit_ip(Worker& worker, const Snapshot& snapshot, Now now, const IpAddress& from, const IpAddress& to,
             Protocol protocol, std::span<const uint8_t> contents) noexcept {
  const auto route = snapshot.routes.find(to);
  if (!route || contents.size() > kMaxEmittedIp) return false;
  MacAddress mac;
  const Resolution found = worker.neighbours.resolve(snapshot, worker.macs[route->port], route->port,
                                                     route->next_hop, now, worker.out, mac);
  if (found != Resolution::kKnown && found != Resolution::kPending) return false;
  std::array<uint8_t, OutFrames::kMaxBytes> frame;
  const be16 type = be16::of(from.is_v4() ? kEtherIpv4 : kEtherIpv6);
  uint8_t* at = put(frame.data(), EthernetHeader{mac, worker.macs[route->port], type});
  at = put_ip_header(at, from, to, {contents.size(), static_cast<uint8_t>(protocol)});
  if (!contents.empty()) std::memcpy(at, contents.data(), contents.size());
  return worker.out.push(route->port,
                         {frame.data(), static_cast<size_t>(at - frame.data()) + contents.size()},
                         found == Resolution::kPending ? route->next_hop : IpAddress());
}

bool emit_udp(Worker& worker, const Snapshot& snapshot, Now now, const Endpoint& from, const Endpoint& to,
              std::span<const uint8_t> payload) noexcept {
  if (payload.size() > kMaxEmittedUdp) return false;
  const auto length = static_cast<uint16_t>(sizeof(UdpHeader) + payload.size());
  std::array<uint8_t, kMaxEmittedIp> datagram;
  UdpHeader udp{be16::of(from.port), be16::of(to.port), be16::of(length), {}};
  uint8_t* at = put(datagram.data(), udp);
  if (!payload.empty()) std::memcpy(at, payload.data(), payload.size());
  udp.checksum = checksum_of(
      add_bytes(pseudo_header_sum(from.address, to.address, static_cast<uint8_t>(Protocol::kUdp), length),
                datagram.data(), length));
  if (udp.checksum.raw == 0) udp.checksum.raw = 0xffff;  // RFC 768: zero means that there is none
  put(datagram.data(), udp);
  return emit_ip(worker, snapshot, now, from.address, to.address, Protocol::kUdp, {datagram.data(), length});
}

bool emit_tcp(Worker& worker, const Snapshot& snapshot, Now now, const Endpoint& from, const Endpoint& to,
              const TcpFields& fields, std::span<const uint8_t> payload) noexcept {
  const size_t head = sizeof(TcpHeader) + fields.options.size();
  if (fields.options.size() > kMostTcpOptions || payload.size() > kMaxEmittedIp - head) return false;
  TcpHeader tcp{};
  tcp.source = be16::of(from.port);
  tcp.destination = be16::of(to.port);
  tcp.sequence = be32::of(fields.sequence);
  tcp.acknowledgement = be32::of(fields.acknowledgement);
  tcp.offset = static_cast<uint8_t>(head / 4 << 4);
  tcp.flags = fields.flags;
  tcp.window = be16::of(fields.window);
  std::array<uint8_t, kMaxEmittedIp> segment;
  uint8_t* at = put(segment.data(), tcp);
  if (!fields.options.empty()) std::memcpy(at, fields.options.data(), fields.options.size());
  at += fields.options.size();
  if (!payload.empty()) std::memcpy(at, payload.data(), payload.size());
  const auto length = static_cast<uint16_t>(head + payload.size());
  tcp.checksum = checksum_of(
      add_bytes(pseudo_header_sum(from.address, to.address, static_cast<uint8_t>(Protocol::kTcp), length),
                segment.data(), length));
  put(segment.data(), tcp);
  return emit_ip(worker, snapshot, now, from.address, to.address, Protocol::kTcp, {segment.data(), length});
}

}  // namespace lb
