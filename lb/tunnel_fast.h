// SPDX-License-Identifier: MIT
// The way on of nearly all packets of `ipip` and `gue`: whole ones, no SYN, of services that do nothing else with them. For these it
// does what forward_client() (lb/forward.h) does by pass_on() and put_into_tunnel(), its plain twins; all others are left to those.
#pragma once

#include "lb/forward_fast.h"
#include "lb/ip_header.h"
#include "lb/tunnel.h"

namespace lb {
namespace fast {

// What differs from one outer header to the next of a backend.
struct Outer {
  unsigned contents;  // bytes behind the header
  uint8_t protocol, tos;
};

// In words of four bytes, the first lowest (lb/bytes.h asserts little-endian), so that they are summed before they are stored.
inline void put_outer_ipv4(uint8_t* at, const IpAddress& from, const IpAddress& to, const Outer& outer) {
  constexpr uint32_t kDontFragment = uint32_t{be16::of(0x4000).raw} << 16;
  const uint32_t total = be16::of(static_cast<uint16_t>(sizeof(Ipv4Header) + outer.contents)).raw;
  const uint32_t begin = 0x45U | uint32_t{outer.tos} << 8 | total << 16;
  const uint32_t ttl_protocol = kTunnelTtl | uint32_t{outer.protocol} << 8;
  const be32 source = from.as_v4(), destination = to.as_v4();
  const uint64_t sum = uint64_t{begin} + kDontFragment + ttl_protocol + source.raw + destination.raw;
  auto* const words = reinterpret_cast<be32*>(at);
  words[0] = {begin};
  words[1] = {kDontFragment};
  words[2] = {ttl_protocol | uint32_t{checksum_of(sum).raw} << 16};
  words[3] = source;
  words[4] = destination;
}

inline void put_outer_ipv6(uint8_t* at, const IpAddress& from, const IpAddress& to, const Outer& outer) {
  auto* ip = reinterpret_cast<Ipv6Header*>(at);
  ip->version_class_flow = be32::of(0x60000000U | uint32_t{outer.tos} << 20);
  ip->payload_length = be16::of(static_cast<uint16_t>(outer.contents));
  ip->next_header = outer.protocol;
  ip->hop_limit = kTunnelTtl;
  std::memcpy(ip->source.data(), from.bytes(), 16);
  std::memcpy(ip->destination.data(), to.bytes(), 16);
}

// length  of the header and what is behind it
inline void put_outer_udp(uint8_t* at, const IpAddress& from, const IpAddress& to, uint64_t entropy,
                          unsigned length) {
  auto* udp = reinterpret_cast<UdpHeader*>(at);
  *udp = {
      be16::of(gue_source_port(entropy)), be16::of(kGuePort), be16::of(static_cast<uint16_t>(length)), {}};
  if (from.is_v4()) return;
  udp->checksum = checksum_of(
      add_bytes(pseudo_header_sum(from, to, static_cast<uint8_t>(Protocol::kUdp), length), at, length));
  if (udp->checksum.raw == 0) udp->checksum.raw = 0xffff;
}

// REQUIRES: as put_into_tunnel() of lb/tunnel.h
// bytes  of the IP packet
inline void put_into_tunnel(Frame& frame, const Packet& packet, const IpAddress& from, const IpAddress& to,
                            unsigned bytes) {
  Outer outer{bytes, packet.v4 ? kIpv4Inside : kIpv6Inside, tos_of(packet)};
  uint8_t* at = packet.l3;
  if (packet.service->forward == Forward::kGue) {
    at -= sizeof(UdpHeader);
    outer.contents += sizeof(UdpHeader);
    outer.protocol = static_cast<uint8_t>(Protocol::kUdp);
    put_outer_udp(at, from, to, packet.hash, outer.contents);
  }
  be16 type = be16::of(kEtherIpv4);
  if (to.is_v4()) {
    at -= sizeof(Ipv4Header);
    put_outer_ipv4(at, from, to, outer);
  } else {
    at -= sizeof(Ipv6Header);
    put_outer_ipv6(at, from, to, outer);
    type = be16::of(kEtherIpv6);
  }
  auto* const ethernet = reinterpret_cast<EthernetHeader*>(at) - 1;
  ethernet->type = type;
  const auto more = static_cast<unsigned>(packet.l3 - at);
  frame.data = ethernet->destination.bytes.data();
  frame.length = static_cast<uint16_t>(sizeof(EthernetHeader) + more + bytes);
  frame.headroom = static_cast<uint16_t>(frame.headroom - more);
}

}  // namespace fast

// Fetches the place of an outer header, which no NIC has written.
inline void prefetch_room_before(const Frame& frame) noexcept { __builtin_prefetch(frame.data - 1, 1); }

// A client's packet. REQUIRES: as forward_client(); frame.data is where parse() found it
// returns  false, and nothing changed: ask forward_client()
// cost     gue over IPv6: reads the whole packet, for its checksum
inline bool forward_tunnel_fast(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame,
                                Packet& packet, Verdict& verdict) noexcept {
  const Service& service = *packet.service;
  const Backend& backend = snapshot.backends[packet.backend];
  if (!is_tunnel(service.forward) || !backend.routed || packet.piece != Piece::kWhole ||
      (packet.tcp_flags & tcp_flag::kSyn) != 0)
    return false;
  const bool outer_v4 = backend.address.is_v4();
  const IpAddress& from = outer_v4 ? snapshot.tunnel_v4 : snapshot.tunnel_v6;
  const unsigned more = tunnel_bytes(service.forward, outer_v4 ? Family::kIpv4 : Family::kIpv6);
  const unsigned bytes = fast::ip_bytes(packet);
  if (from.is_unset() || frame.headroom < more ||
      bytes + more > worker.path_mtus.of(packet.backend, worker.mtus[backend.egress], now.tick()))
      [[unlikely]]
    return false;
  fast::cut_to(frame, bytes);
  fast::count_in(worker, service.id, packet.backend, frame);
  decrement_ttl(packet);
  fast::put_into_tunnel(frame, packet, from, backend.address, bytes);
  send_to(worker, snapshot, now, frame, backend.egress, backend.next_hop, packet, verdict);
  return true;
}

}  // namespace lb
