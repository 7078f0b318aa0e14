// SPDX-License-Identifier: MIT
// Writes frames for tests, field by field: tcp("198.51.100.7:40000", "10.10.0.100:1935").syn().ttl(9). Lengths and
// checksums are computed at the end, in full and naively, so that an expected frame proves what lb updated step by
// step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/address.h"
#include "lb/packet.h"

namespace lb::test {

using Bytes = std::vector<uint8_t>;

inline constexpr MacAddress kOutsideMac{{0x02, 0, 0, 0, 0, 0x01}};  // Cleat's port 0
inline constexpr MacAddress kInsideMac{{0x02, 0, 0, 0, 0, 0x02}};   // Cleat's port 1
inline constexpr MacAddress kGatewayMac{{0x02, 0, 0, 0, 0, 0xfe}};
inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// Terminates the test on a bad literal.
IpAddress ip(std::string_view text);
Endpoint endpoint(std::string_view text);

class FrameBuilder {
 public:
  FrameBuilder(Protocol protocol, const Endpoint& source, const Endpoint& destination);

  // Ethernet. As made: from the gateway to Cleat's outside port.
  FrameBuilder& from(const MacAddress& mac) { return set(source_mac_, mac); }
  FrameBuilder& to(const MacAddress& mac) { return set(destination_mac_, mac); }
  FrameBuilder& padding(size_t bytes) { return set(padding_, bytes); }

  // IP
  FrameBuilder& ttl(uint8_t hops) { return set(ttl_, hops); }
  FrameBuilder& protocol(uint8_t number) { return set(protocol_, number); }
  FrameBuilder& options(Bytes ipv4_options) { return set(options_, std::move(ipv4_options)); }
  FrameBuilder& fragment(uint16_t flags_and_offset) { return set(fragment_, flags_and_offset); }
  // Appends one IPv6 extension header; its next-header byte is filled in.
  FrameBuilder& extension(uint8_t type, Bytes header);
  // IPv4 identification, IPv6 traffic class and flow label 0, as Cleat's own packets have them.
  FrameBuilder& own() { return set(own_, true).identification(0); }
  FrameBuilder& identification(uint16_t ipv4) { return set(id_, ipv4); }
  FrameBuilder& total_length(uint16_t wrong) { return set(total_length_, int{wrong}); }
  FrameBuilder& ip_checksum(uint16_t wrong) { return set(ip_checksum_, int{wrong}); }

  // TCP, UDP and ICMP
  FrameBuilder& flags(uint8_t tcp_flags) { return set(flags_, tcp_flags); }
  FrameBuilder& syn() { return flags(tcp_flag::kSyn); }
  FrameBuilder& syn_ack() { return flags(tcp_flag::kSyn | tcp_flag::kAck); }
  FrameBuilder& fin() { return flags(tcp_flag::kFin | tcp_flag::kAck); }
  FrameBuilder& rst() { return flags(tcp_flag::kRst); }
  FrameBuilder& tcp_offset(uint8_t words) { return set(tcp_offset_, words); }
  FrameBuilder& sequence(uint32_t number) { return set(sequence_, number); }
  FrameBuilder& acknowledge(uint32_t number) { return set(acknowledgement_, number); }
  FrameBuilder& window(uint16_t unscaled) { return set(window_, unscaled); }
  FrameBuilder& urgent(uint16_t pointer) { return set(urgent_, pointer); }
  // Padded to whole words with the end of the list.
  FrameBuilder& tcp_options(Bytes options);
  FrameBuilder& payload(std::string_view text) { return set(payload_, Bytes(text.begin(), text.end())); }
  FrameBuilder& payload(Bytes bytes) { return set(payload_, std::move(bytes)); }
  FrameBuilder& udp_length(uint16_t length) { return set(udp_length_, int{length}); }
  FrameBuilder& l4_checksum(uint16_t value) { return set(l4_checksum_, int{value}); }
  FrameBuilder& icmp(uint8_t type, uint8_t code) { return set(icmp_type_, type).set(icmp_code_, code); }

  // The four bytes behind the ICMP checksum: identifier and sequence number, or flags.
  FrameBuilder& icmp_rest(uint32_t value) { return set(icmp_rest_, value); }

  [[nodiscard]] Bytes bytes() const;
  operator Bytes() const { return bytes(); }  // NOLINT: implicit by intent

 private:
  template <typename T, typename U>
  FrameBuilder& set(T& field, U&& value) {
    field = std::forward<U>(value);
    return *this;
  }
  [[nodiscard]] Bytes upper_layer() const;

  Endpoint source_, destination_;
  MacAddress source_mac_ = kGatewayMac, destination_mac_ = kOutsideMac;
  uint8_t protocol_, ttl_ = 64, flags_ = tcp_flag::kAck, tcp_offset_ = 5, icmp_type_ = 8, icmp_code_ = 0;
  uint16_t fragment_ = 0, id_ = 0x1234;
  uint32_t sequence_ = 1000, acknowledgement_ = 77, icmp_rest_ = 0x00010001;
  uint16_t window_ = 64240, urgent_ = 0;
  int total_length_ = -1, ip_checksum_ = -1, udp_length_ = -1, l4_checksum_ = -1;
  size_t padding_ = 0;
  bool own_ = false;
  Bytes options_, tcp_options_, payload_;
  struct Extension {
    uint8_t type;
    Bytes header;
  };
  std::vector<Extension> extensions_;
};

// Ends as "198.51.100.7:40000" or "[2001:db8::7]:40000".
FrameBuilder tcp(std::string_view source, std::string_view destination);
FrameBuilder udp(std::string_view source, std::string_view destination);
// Echo requests; ends without ports.
FrameBuilder ping(std::string_view source, std::string_view destination);

// Who says what: an ARP packet in an Ethernet frame from the sender.
Bytes arp(uint16_t operation, const MacAddress& to, const MacAddress& sender_mac, std::string_view sender_ip,
          const MacAddress& target_mac, std::string_view target_ip);
// A neighbour solicitation (135) or advertisement (136, flags in the first byte) with one link-layer address option:
// 1 source, 2 target, 0 none.
FrameBuilder discovery(uint8_t type, std::string_view source, std::string_view destination,
                       std::string_view target, uint8_t option, const MacAddress& mac, uint32_t flags = 0);

// The Internet checksum, written as RFC 1071 section 4.1 has it: two bytes at a time, big-endian.
uint16_t naive_checksum(const Bytes& bytes);

// What a frame says, read naively. Only for frames that are known to be well formed.
struct FrameFields {
  MacAddress destination_mac, source_mac;
  Endpoint source, destination;
  uint8_t ttl = 0;
  uint8_t protocol = 0;
  uint16_t l4_checksum = 0;
  bool checksums_hold = false;  // IPv4 header and TCP, UDP (unless zero) or ICMP
  Bytes payload;                // behind the TCP, UDP or ICMP header
};
FrameFields fields_of(const Bytes& frame);

// "" when equal, else the first byte that differs: for EXPECT_EQ(difference(got, wanted), "").
std::string difference(const Bytes& got, const Bytes& wanted);

}  // namespace lb::test
