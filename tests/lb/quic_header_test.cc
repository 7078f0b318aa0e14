// SPDX-License-Identifier: MIT
#include "lb/quic_header.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/lb/quic_lb_rig.h"

namespace lb {
namespace {

using test::ExactOctets;
using test::from_hex;
using test::Octets;
using test::to_hex;

// "version dcid scid" in hexadecimal, "short octets", or "none".
std::string read(std::span<const uint8_t> datagram) {
  const ExactOctets exact(datagram);
  const auto header = parse_quic(exact.view());
  if (!header) return "none";
  if (!header->long_form) return "short " + to_hex(header->dcid);
  const uint32_t v = header->version;
  const uint8_t version[4] = {static_cast<uint8_t>(v >> 24), static_cast<uint8_t>(v >> 16),
                              static_cast<uint8_t>(v >> 8), static_cast<uint8_t>(v)};
  return to_hex(version) + " " + to_hex(header->dcid) + " " + to_hex(header->scid);
}
std::string read(std::string_view hex) { return read(from_hex(hex)); }

constexpr const char* kClientInitial = "c300000001088394c8f03e5157080000449e00000002";    // RFC 9001 A.2
constexpr const char* kServerInitial = "c1000000010008f067a5502a4262b50040750001";        // RFC 9001 A.3
constexpr const char* kClientInitialV2 = "d76b3343cf088394c8f03e5157080000449e00000002";  // RFC 9369 A.2

TEST(QuicHeader, ReadsTheLongHeadersOfRfc9001) {
  EXPECT_EQ(read(kClientInitial), "00000001 8394c8f03e515708 ");
  EXPECT_EQ(read(kServerInitial), "00000001  f067a5502a4262b5");
}

TEST(QuicHeader, R7_3_ReadsEveryVersionAlike) {
  EXPECT_EQ(read(kClientInitialV2), "6b3343cf 8394c8f03e515708 ");
  EXPECT_EQ(read("80deadbeef 02 aabb 01 cc"), "deadbeef aabb cc");
  EXPECT_EQ(read("ff00000000 01 aa 02 bbcc 6b3343cf00000001"), "00000000 aa bbcc");
  EXPECT_TRUE(parse_quic(from_hex("800000000000 00"))->is_version_negotiation());
  EXPECT_FALSE(parse_quic(from_hex(kClientInitial))->is_version_negotiation());
}

TEST(QuicHeader, R7_7_ARetryIsALongHeaderWithTheServersIdAsItsSource) {
  EXPECT_EQ(read("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"),  // RFC 9001 A.4
            "00000001  f067a5502a4262b5");
}

TEST(QuicHeader, R7_2_AShortHeadersIdBeginsAtTheSecondOctet) {
  EXPECT_EQ(read("4c c4605e4504cc4f"), "short c4605e4504cc4f");
  EXPECT_EQ(read("4c"), "short ");
  EXPECT_EQ(parse_quic(from_hex("4cfe"))->dcid_end(), CidEnd::kOpen);
  EXPECT_EQ(parse_quic(from_hex(kClientInitial))->dcid_end(), CidEnd::kExact);
}

TEST(QuicHeader, AGreasedFixedBitChangesNothing) {
  EXPECT_EQ(read("0c c4605e4504cc4f"), "short c4605e4504cc4f");
  EXPECT_EQ(read("8300000001088394c8f03e5157080000449e00000002"), "00000001 8394c8f03e515708 ");
}

TEST(QuicHeader, AStatelessResetIsAShortHeaderOfUnpredictableOctets) {
  // RFC 9000 section 10.3: five octets that look like a packet, then the token of 16.
  EXPECT_EQ(read("4111223344 000102030405060708090a0b0c0d0e0f"),
            "short 11223344000102030405060708090a0b0c0d0e0f");
}

TEST(QuicHeader, R7_5_PacketsBehindTheFirstAreNotLookedAt) {
  const Octets first = from_hex(kClientInitial);
  Octets both = first;
  const Octets second = from_hex("e300000001 02 ffff 00");
  both.insert(both.end(), second.begin(), second.end());

  EXPECT_EQ(read(both), read(first));
}

TEST(QuicHeader, R2_7_IdsOf255OctetsAreTakenAndRouted) {
  Octets datagram = from_hex("c0deadbeef ff");
  const Octets dcid = [] {
    Octets octets = from_hex("07c4605e4504cc4f");
    octets.resize(255, 0x55);
    return octets;
  }();
  datagram.insert(datagram.end(), dcid.begin(), dcid.end());
  datagram.push_back(255);
  datagram.resize(datagram.size() + 255, 0x66);

  const auto header = parse_quic(datagram);

  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->dcid.size(), 255U);
  EXPECT_EQ(header->scid.size(), 255U);
  EXPECT_EQ(test::routed(test::live({test::config_of(0, 3, 4)}), header->dcid, header->dcid_end()), "c4605e");
}

TEST(QuicHeader, R7_1_ALongHeaderThatEndsTooEarlyIsNone) {
  const Octets whole = from_hex("c000000001 03 aabbcc 02 ddee 00");
  for (size_t length = 0; length < whole.size() - 1; ++length)
    EXPECT_EQ(read(std::span(whole).first(length)), "none") << length;
  EXPECT_EQ(read(std::span(whole).first(whole.size() - 1)), "00000001 aabbcc ddee");
}

TEST(QuicHeader, R3_8_TheAnswerToAnInitialRoutesTheRestOfTheConnection) {
  // The client's next packet carries the server's source id as its destination, in a long header and in short ones.
  const QuicLbConfigs configs = test::live({test::config_of(0, 3, 4, "8f95f09245765f80256934e50c66207f")});
  for (const char* packet : {"e300000001 08 0720b1d07b359d3c 00 449e", "4c 0720b1d07b359d3c 1122334455"}) {
    const Octets datagram = from_hex(packet);
    const auto header = parse_quic(datagram);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(test::routed(configs, header->dcid, header->dcid_end()), "ed793a") << packet;
  }
}

TEST(QuicHeader, AgreesWithAReaderOctetByOctetOnRandomDatagrams) {
  std::mt19937 random(8999);
  for (int round = 0; round < 20'000; ++round) {
    Octets datagram(random() % 40);
    for (uint8_t& octet : datagram) octet = static_cast<uint8_t>(random() % (round % 2 == 0 ? 256 : 12));
    if (!datagram.empty() && random() % 2 == 0) datagram[0] |= 0x80;
    std::string wanted = "none";
    const auto at = [&datagram](size_t i) { return i < datagram.size() ? datagram[i] : 0; };
    if (const size_t size = datagram.size(); size > 0 && at(0) < 128) {
      wanted = "short " + to_hex(std::span(datagram).subspan(1));
    } else if (const size_t d = at(5), s = at(6 + d); size >= 7 + d && size >= 7 + d + s) {
      wanted = to_hex(std::span(datagram).subspan(1, 4)) + " " + to_hex(std::span(datagram).subspan(6, d)) +
               " " + to_hex(std::span(datagram).subspan(7 + d, s));
    }
    ASSERT_EQ(read(datagram), wanted) << to_hex(datagram);
  }
}

}  // namespace
}  // namespace lb
