// SPDX-License-Identifier: MIT
// Headers as they lie on the wire: Ethernet II, ARP (RFC 826), IPv4 (RFC 791), IPv6 (RFC 8200), TCP (RFC 9293), UDP
// (RFC 768), ICMP (RFC 792, RFC 4443). Packed and may_alias: they may be laid over any bytes once those are proved.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "lb/address.h"
#include "lb/bytes.h"

namespace lb {

#define CLEAT_WIRE [[gnu::packed, gnu::may_alias]]

inline constexpr uint16_t kEtherIpv4 = 0x0800, kEtherArp = 0x0806, kEtherIpv6 = 0x86dd, kEtherVlan = 0x8100;

struct CLEAT_WIRE EthernetHeader {
  MacAddress destination, source;
  be16 type;
};
static_assert(sizeof(EthernetHeader) == 14);

struct CLEAT_WIRE VlanTag {
  be16 type;     // kEtherVlan
  be16 control;  // priority 3 bits, drop eligible 1, VLAN 12
};
static_assert(sizeof(VlanTag) == 4);

struct CLEAT_WIRE ArpPacket {
  be16 hardware, protocol;
  uint8_t hardware_length, protocol_length;
  be16 operation;
  MacAddress sender_mac;
  be32 sender_ip;
  MacAddress target_mac;
  be32 target_ip;
};
static_assert(sizeof(ArpPacket) == 28);

struct CLEAT_WIRE Ipv4Header {
  uint8_t version_ihl, tos;
  be16 total_length, id, fragment;
  uint8_t ttl, protocol;
  be16 checksum;
  be32 source, destination;
};
static_assert(sizeof(Ipv4Header) == 20);

struct CLEAT_WIRE Ipv6Header {
  be32 version_class_flow;
  be16 payload_length;
  uint8_t next_header, hop_limit;
  std::array<uint8_t, 16> source, destination;
};
static_assert(sizeof(Ipv6Header) == 40);

struct CLEAT_WIRE Ipv6FragmentHeader {
  uint8_t next_header, reserved;
  be16 offset_flags;
  be32 id;
};
static_assert(sizeof(Ipv6FragmentHeader) == 8);

// Where TCP and UDP have them.
struct CLEAT_WIRE L4Ports {
  be16 source, destination;

  [[nodiscard]] be32 both() const { return std::bit_cast<be32>(*this); }
};
static_assert(sizeof(L4Ports) == 4);

struct CLEAT_WIRE TcpHeader {
  be16 source, destination;
  be32 sequence, acknowledgement;
  uint8_t offset, flags;
  be16 window, checksum, urgent;
};
static_assert(sizeof(TcpHeader) == 20);

struct CLEAT_WIRE UdpHeader {
  be16 source, destination, length, checksum;
};
static_assert(sizeof(UdpHeader) == 8);

struct CLEAT_WIRE IcmpHeader {
  uint8_t type, code;
  be16 checksum;
  be32 rest;
};
static_assert(sizeof(IcmpHeader) == 8);

namespace icmp {
inline constexpr uint8_t kEchoReply = 0, kUnreachable = 3, kEchoRequest = 8, kTimeExceeded = 11,
                         kParameterProblem = 12;
inline constexpr uint8_t kFragmentationNeeded = 4;  // a code of kUnreachable
}  // namespace icmp
namespace icmpv6 {
inline constexpr uint8_t kUnreachable = 1, kPacketTooBig = 2, kTimeExceeded = 3, kParameterProblem = 4;
inline constexpr uint8_t kEchoRequest = 128, kEchoReply = 129;
inline constexpr uint8_t kNeighbourSolicitation = 135, kNeighbourAdvertisement = 136;
}  // namespace icmpv6

}  // namespace lb
