// SPDX-License-Identifier: MIT
// A parsed packet: what the stages after `parse` know of a frame. Only parse() makes one (lb/parse.h); after
// it nobody tests a length again.
#pragma once

#include <cstdint>
#include <cstring>

#include "lb/address.h"
#include "lb/limits.h"
#include "lb/snapshot_spec.h"

namespace lb {

struct Service;

enum class Kind : uint8_t {
  kNone,      // not ours: punt
  kArp,       // l3 points to 28 proved bytes of ARP for Ethernet and IPv4
  kIp,        // src, dst proved; for TCP, UDP and ICMP also l4 with its fixed header
  kClient,    // kIp to a service: the way in
  kReply,     // kIp to a LIP: the way back
  kLocal,     // kIp to a VIP or LIP that is for Cleat itself: echo, ICMP errors, neighbour discovery
  kFragment,  // kIp to a VIP or LIP, a later piece of a datagram
  kDone,      // its verdict is given
};

// Of a datagram: all of it, its first bytes with the ports, or bytes further on.
enum class Piece : uint8_t { kWhole, kFirst, kLater };

namespace tcp_flag {
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;
}

struct alignas(64) Packet {
  uint8_t* l2 = nullptr;
  uint8_t* l3 = nullptr;
  uint8_t* l4 = nullptr;  // null when the protocol is not TCP, UDP, ICMP or ICMPv6, and in later pieces
  uint8_t* fragment_header = nullptr;  // IPv6's, of pieces
  IpAddress src, dst;

  uint16_t l4_length = 0;  // bytes from l4 to the end of the IP packet, the fixed header included
  uint16_t src_port = 0;   // host order; 0 for ICMP
  uint16_t dst_port = 0;
  Kind kind = Kind::kNone;
  Protocol protocol{};

  uint8_t tcp_flags = 0;
  bool v4 = true;
  Piece piece = Piece::kWhole;
  // classify, affinity, pick
  bool hit = false;  // the flow table knew it
  BackendId backend = 0;
  BackendId named = kNoBackendId;  // whose its connection id is
  const Service* service = nullptr;
  uint64_t hash = 0;
  SlotIndex slot = 0;
  ListenerId listener = 0;  // whose flows to look among; the service's own or its `moved`
};

// Of the whole IP packet, as its header says and parse() proved. REQUIRES: kind is not kNone or kArp
inline unsigned ip_bytes(const Packet& packet) {
  be16 length;
  std::memcpy(&length, packet.v4 ? packet.l3 + 2 : packet.l3 + 4, sizeof(length));
  return (packet.v4 ? 0U : 40U) + length.host();
}

// TTL or hop limit. REQUIRES: as ip_bytes()
constexpr uint8_t ttl(const Packet& packet) { return packet.v4 ? packet.l3[8] : packet.l3[7]; }

// The client's first segment. With FIN or RST beside SYN it is no way to open a connection, only to take up state.
constexpr bool is_first_syn(const Packet& packet) {
  return (packet.tcp_flags & (tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kFin | tcp_flag::kRst)) ==
         tcp_flag::kSyn;
}

}  // namespace lb
