// SPDX-License-Identifier: MIT
#include "tools/bench_frame.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "lb/checksum.h"
#include "lb/stun_builder.h"
#include "lb/wire.h"

namespace bench {
namespace {

constexpr size_t kPlainBytes = 18, kRtpBytes = 172,
                 kSrtcpBytes = 46;  // an Opus packet; a report with its index and tag
constexpr size_t kSrtcpIndexAt = kSrtcpBytes - 14;

bool is_v6(const uint8_t* bytes) { return bytes[12] == 0x86; }

const lb::HmacSha1Key& password() {
  static constexpr std::array<uint8_t, 32> kText{'p', 'w'};  // SRS's ice-pwd has 32 characters
  static const lb::HmacSha1Key key{kText};
  return key;
}

lb::TransactionId transaction(uint64_t number) {
  lb::TransactionId id{};
  std::memcpy(id.bytes.data(), &number, sizeof(number));
  id.bytes[11] = 1;
  return id;
}

void put_word(uint8_t* at, uint64_t word) {
  const lb::be32 value = lb::be32::of(static_cast<uint32_t>(word));
  std::memcpy(at, &value, sizeof(value));
}

}  // namespace

uint16_t write_udp(uint8_t* bytes, const lb::MacAddress& to, const lb::MacAddress& from,
                   const lb::Endpoint& source, const lb::Endpoint& destination,
                   std::span<const uint8_t> payload) {
  const bool v6 = !source.address.is_v4();
  const lb::EthernetHeader ethernet{to, from, lb::be16::of(v6 ? lb::kEtherIpv6 : lb::kEtherIpv4)};
  std::memcpy(bytes, &ethernet, sizeof(ethernet));
  uint8_t* l3 = bytes + sizeof(ethernet);
  const auto l4_length = static_cast<uint16_t>(sizeof(lb::UdpHeader) + payload.size());
  size_t header = sizeof(lb::Ipv4Header);
  if (v6) {
    header = sizeof(lb::Ipv6Header);
    lb::Ipv6Header ip6{lb::be32::of(0x60000000), lb::be16::of(l4_length), 17, 64, {}, {}};
    std::memcpy(ip6.source.data(), source.address.bytes(), 16);
    std::memcpy(ip6.destination.data(), destination.address.bytes(), 16);
    std::memcpy(l3, &ip6, sizeof(ip6));
  } else {
    const auto total = lb::be16::of(static_cast<uint16_t>(header + l4_length));
    lb::Ipv4Header ip4{
        0x45, 0, total, {}, {}, 64, 17, {}, source.address.as_v4(), destination.address.as_v4()};
    ip4.checksum = lb::checksum_of(lb::add_bytes(0, reinterpret_cast<const uint8_t*>(&ip4), sizeof(ip4)));
    std::memcpy(l3, &ip4, sizeof(ip4));
  }
  const lb::UdpHeader udp{lb::be16::of(source.port), lb::be16::of(destination.port), lb::be16::of(l4_length),
                          lb::be16::of(0x1234)};
  std::memcpy(l3 + header, &udp, sizeof(udp));
  std::memcpy(l3 + header + sizeof(udp), payload.data(), payload.size());
  return static_cast<uint16_t>(sizeof(ethernet) + header + l4_length);
}

Ends read_ends(const uint8_t* bytes) {
  const uint8_t* l3 = bytes + sizeof(lb::EthernetHeader);
  const auto* udp = reinterpret_cast<const lb::UdpHeader*>(l3 + (is_v6(bytes) ? 40 : 20));
  Ends ends{{{}, udp->source.host()}, {{}, udp->destination.host()}};
  if (is_v6(bytes)) {
    ends.source.address = lb::IpAddress::v6(reinterpret_cast<const lb::Ipv6Header*>(l3)->source.data());
    ends.destination.address =
        lb::IpAddress::v6(reinterpret_cast<const lb::Ipv6Header*>(l3)->destination.data());
  } else {
    ends.source.address = lb::IpAddress::v4(reinterpret_cast<const lb::Ipv4Header*>(l3)->source);
    ends.destination.address = lb::IpAddress::v4(reinterpret_cast<const lb::Ipv4Header*>(l3)->destination);
  }
  return ends;
}

std::span<const uint8_t> write_payload(PayloadRoom& room, Payload what, uint64_t number) {
  room.fill(0xaa);
  switch (what) {
    case Payload::kPlain:
      return std::span(room).first(kPlainBytes);
    case Payload::kCheck: {
      const std::string name = "sv" + std::to_string(10'000'000 + number) + ":CLI1";
      return lb::build_binding_request(room, {.transaction = transaction(number),
                                              .username = name,
                                              .priority = 1,
                                              .tie_breaker = number,
                                              .controlling = true,
                                              .key = &password()});
    }
    case Payload::kSuccess:
      return lb::build_binding_success(room, transaction(number), {lb::IpAddress::v4({}), 1}, &password());
    case Payload::kRtp:
      room[0] = 0x80;
      room[1] = 111;
      room[2] = room[3] = 1;
      put_word(&room[8], number + 1);
      return std::span(room).first(kRtpBytes);
    case Payload::kSrtcp:
      room[0] = 0x80;
      room[1] = 201;
      put_word(&room[4], 1);
      put_word(&room[kSrtcpIndexAt], number * 16);
      return std::span(room).first(kSrtcpBytes);
  }
  return {};
}

}  // namespace bench
