// SPDX-License-Identifier: MIT
#include "lb/parse.h"

#include <gtest/gtest.h>

#include "tests/lb/parsed.h"

namespace lb {
namespace {

using test::Bytes;
using test::FrameBuilder;
using test::ip;
using test::Parsed;
using test::ping;
using test::tcp;
using test::udp;

constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragmentHeader = 44, kAuthentication = 51, kOptions = 60;

FrameBuilder a_tcp() { return tcp("198.51.100.7:40000", "10.10.0.100:1935"); }
FrameBuilder a_udp() { return udp("198.51.100.7:40000", "10.10.0.100:8000"); }
FrameBuilder a_tcp6() { return tcp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935"); }
FrameBuilder a_udp6() { return udp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000"); }

// An extension header of `bytes` bytes, a multiple of 8; the builder fills its first byte in.
Bytes extension(size_t bytes) {
  Bytes header(bytes);
  header[1] = static_cast<uint8_t>(bytes / 8 - 1);
  return header;
}

#define EXPECT_DROP(parsed, why) EXPECT_EQ((parsed).reason, std::optional(DropReason::why))

TEST(Parse, ReadsAddressesPortsAndFlagsOfTcp) {
  const Parsed p(a_tcp().syn_ack().payload("hello"));

  ASSERT_FALSE(p.reason);
  EXPECT_EQ(p.packet.kind, Kind::kIp);
  EXPECT_TRUE(p.packet.v4);
  EXPECT_EQ(p.packet.protocol, Protocol::kTcp);
  EXPECT_EQ(p.packet.src, ip("198.51.100.7"));
  EXPECT_EQ(p.packet.dst, ip("10.10.0.100"));
  EXPECT_EQ(p.packet.src_port, 40000);
  EXPECT_EQ(p.packet.dst_port, 1935);
  EXPECT_EQ(p.packet.tcp_flags, tcp_flag::kSyn | tcp_flag::kAck);
  EXPECT_EQ(p.l4_offset(), 34);
  EXPECT_EQ(p.packet.l4_length, 25);
}

TEST(Parse, ReadsIpv6LikeIpv4) {
  const Parsed p(a_udp6().payload("hello"));

  ASSERT_FALSE(p.reason);
  EXPECT_FALSE(p.packet.v4);
  EXPECT_EQ(p.packet.src, ip("2001:db8:c::7"));
  EXPECT_EQ(p.packet.dst, ip("2001:db8:10::100"));
  EXPECT_EQ(p.packet.src_port, 40000);
  EXPECT_EQ(p.packet.dst_port, 8000);
  EXPECT_EQ(p.l4_offset(), 54);
  EXPECT_EQ(p.packet.l4_length, 13);
}

TEST(Parse, Ipv4OptionsShiftTheUpperLayer) {
  for (size_t words = 1; words <= 10; ++words) {
    const Parsed p(a_udp().options(Bytes(4 * words, 1)));

    ASSERT_FALSE(p.reason) << words;
    EXPECT_EQ(p.l4_offset(), static_cast<long>(34 + 4 * words));
    EXPECT_EQ(p.packet.dst_port, 8000);
    EXPECT_EQ(p.packet.l4_length, 8);
  }
}

TEST(Parse, PaddingIsNotPartOfThePacket) {
  const Parsed v4(a_udp().payload("x").padding(17)), v6(a_udp6().payload("x").padding(1));

  EXPECT_EQ(v4.packet.l4_length, 9);
  EXPECT_EQ(v6.packet.l4_length, 9);
}

TEST(Parse, TcpOptionsBelongToTheHeader) {
  EXPECT_FALSE(Parsed(a_tcp().tcp_offset(15)).reason);
  EXPECT_DROP(Parsed(a_tcp().tcp_offset(4)), kBadL4Header);
  Bytes beyond = a_tcp();
  beyond[34 + 12] = 6 << 4;
  EXPECT_DROP(Parsed(beyond), kBadL4Header);
}

TEST(Parse, AUdpLengthBelowTheIpPayloadIsLegal) {
  const Parsed p(a_udp().payload("datagram, then surplus (RFC 9868)").udp_length(8 + 8));

  ASSERT_FALSE(p.reason);
  EXPECT_EQ(p.packet.l4_length, 8 + 33);
}

TEST(Parse, AnImpossibleUdpLengthIsABadHeader) {
  EXPECT_DROP(Parsed(a_udp().payload("x").udp_length(7)), kBadL4Header);
  EXPECT_DROP(Parsed(a_udp().payload("x").udp_length(10)), kBadL4Header);
  EXPECT_DROP(Parsed(a_udp6().payload("x").udp_length(0)), kBadL4Header);
}

TEST(Parse, AnImpossibleIpHeaderIsNamed) {
  Bytes version = a_tcp(), short_header = a_tcp(), version6 = a_tcp6();
  version[14] = 0x55;
  short_header[14] = 0x44;
  version6[14] = 0x40;

  EXPECT_DROP(Parsed(version), kBadIpHeader);
  EXPECT_DROP(Parsed(short_header), kBadIpHeader);
  EXPECT_DROP(Parsed(version6), kBadIpHeader);
  EXPECT_DROP(Parsed(a_tcp().total_length(19)), kBadIpHeader);
  EXPECT_DROP(Parsed(a_tcp().ip_checksum(0xdead)), kBadIpChecksum);
}

TEST(Parse, ALengthBeyondTheFrameIsTruncation) {
  EXPECT_DROP(Parsed(a_tcp().total_length(41)), kFrameTruncated);
  EXPECT_DROP(Parsed(a_tcp6().total_length(21)), kFrameTruncated);
  EXPECT_DROP(Parsed(a_udp().options(Bytes(40, 1)).total_length(0xffff)), kFrameTruncated);
}

TEST(Parse, AddressesThatCannotSendAreBadSources) {
  for (const char* source : {"127.0.0.1:9", "0.0.0.0:9", "224.0.0.1:9", "255.255.255.255:9"})
    EXPECT_DROP(Parsed(udp(source, "10.10.0.100:8000")), kBadSource) << source;
  for (const char* source : {"[::1]:9", "[::]:9", "[ff02::1]:9"})
    EXPECT_DROP(Parsed(udp(source, "[2001:db8:10::100]:8000")), kBadSource) << source;
}

// An echo request from a group was answered to that group.
TEST(Parse, AFrameFromAGroupsMacAddressIsABadSource) {
  const auto group = MacAddress::parse("01:00:5e:00:00:01").value();

  EXPECT_DROP(Parsed(a_tcp().from(group)), kBadSource);
  EXPECT_DROP(Parsed(ping("198.51.100.7", "10.10.0.100").from(group)), kBadSource);
}

TEST(Parse, AV4MappedAddressOnTheWireIsNotTakenForAnIpv4Host) {
  Bytes frame = a_udp6();
  const IpAddress mapped = ip("198.51.100.7");
  std::copy_n(mapped.bytes(), 16, frame.begin() + 22);

  EXPECT_DROP(Parsed(frame), kBadIpHeader);
}

TEST(Parse, WalksIpv6ExtensionHeaders) {
  const Parsed p(a_tcp6()
                     .extension(kHopByHop, extension(8))
                     .extension(kOptions, extension(24))
                     .extension(kRouting, extension(16))
                     .extension(kAuthentication,
                                {0, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}));

  ASSERT_FALSE(p.reason);
  EXPECT_EQ(p.l4_offset(), 54 + 8 + 24 + 16 + 24);
  EXPECT_EQ(p.packet.protocol, Protocol::kTcp);
  EXPECT_EQ(p.packet.dst_port, 1935);
  EXPECT_EQ(p.packet.l4_length, 20);
}

TEST(Parse, MoreThanEightExtensionHeadersAreNotWalked) {
  FrameBuilder eight = a_tcp6();
  for (int i = 0; i < 8; ++i) eight.extension(kOptions, extension(8));
  FrameBuilder nine = eight;
  nine.extension(kOptions, extension(8));

  EXPECT_FALSE(Parsed(eight).reason);
  EXPECT_DROP(Parsed(nine), kExtensionHeaders);
}

TEST(Parse, AnExtensionHeaderBeyondThePacketIsTruncation) {
  Bytes longer = extension(8);
  longer[1] = 200;

  EXPECT_DROP(Parsed(a_tcp6().extension(kOptions, longer)), kFrameTruncated);
  EXPECT_DROP(Parsed(a_tcp6().extension(kHopByHop, extension(8)).total_length(7)), kFrameTruncated);
}

TEST(Parse, ARouteThatIsNotYetTravelledHidesTheUpperLayer) {
  Bytes segments_left = extension(24);
  segments_left[2] = 0;
  segments_left[3] = 1;

  const Parsed p(a_udp6().extension(kRouting, segments_left));

  ASSERT_FALSE(p.reason);
  EXPECT_EQ(p.packet.l4, nullptr);
  EXPECT_EQ(p.packet.dst_port, 0);
}

TEST(Parse, OnlyTheFirstPieceOfADatagramHasAnUpperLayer) {
  for (const uint16_t later : std::initializer_list<uint16_t>{0x0001, 0x2001}) {
    const Parsed v4(a_udp().fragment(later));
    ASSERT_FALSE(v4.reason);
    EXPECT_EQ(v4.packet.piece, Piece::kLater);
    EXPECT_EQ(v4.packet.l4, nullptr);
  }
  const Parsed first(a_udp().fragment(0x2000).udp_length(4000));
  ASSERT_FALSE(first.reason);
  EXPECT_EQ(first.packet.piece, Piece::kFirst);
  EXPECT_EQ(first.packet.dst_port, 8000);

  const Parsed v6(a_udp6().extension(kFragmentHeader, {0, 0, 0, 8, 0, 0, 0, 7}));
  ASSERT_FALSE(v6.reason);
  EXPECT_EQ(v6.packet.piece, Piece::kLater);
  EXPECT_EQ(v6.packet.l4, nullptr);
  const Parsed first6(a_udp6().extension(kFragmentHeader, {0, 0, 0, 1, 0, 0, 0, 7}));
  EXPECT_EQ(first6.packet.piece, Piece::kFirst);
  EXPECT_EQ(first6.packet.dst_port, 8000);
}

// RFC 6946: some hosts send it, told that a path takes less than 1280 bytes.
TEST(Parse, AFragmentHeaderOnAWholePacketIsSteppedOver) {
  const Parsed atomic(a_udp6().extension(kFragmentHeader, {0, 0, 0, 0, 0, 0, 0, 7}));
  EXPECT_EQ(atomic.packet.piece, Piece::kWhole);
  EXPECT_EQ(atomic.packet.dst_port, 8000);
}

TEST(Parse, DontFragmentIsNoFragment) {
  const Parsed p(a_udp().fragment(0x4000));

  EXPECT_EQ(p.packet.piece, Piece::kWhole);
  EXPECT_EQ(p.packet.dst_port, 8000);
}

TEST(Parse, WhatIsNotForwardedHasNoUpperLayer) {
  const Parsed gre(a_udp().protocol(47).payload("gre")), none(a_udp6().protocol(59));

  EXPECT_EQ(gre.packet.kind, Kind::kIp);
  EXPECT_EQ(gre.packet.l4, nullptr);
  EXPECT_EQ(none.packet.kind, Kind::kIp);
  EXPECT_EQ(none.packet.l4, nullptr);
}

TEST(Parse, GroupsAndOtherEthertypesAreForTheKernel) {
  Bytes lldp = a_tcp();
  lldp[12] = 0x88, lldp[13] = 0xcc;

  EXPECT_EQ(Parsed(lldp).packet.kind, Kind::kNone);
  EXPECT_EQ(Parsed(a_udp().to(test::kBroadcastMac)).packet.kind, Kind::kNone);
  EXPECT_EQ(Parsed(a_udp6().to({{0x33, 0x33, 0, 0, 0, 1}})).packet.kind, Kind::kNone);
  // but neighbour discovery speaks to groups
  const Parsed solicitation(
      ping("2001:db8:10::1", "ff02::1:ff00:100").to({{0x33, 0x33, 0xff, 0, 1, 0}}).icmp(135, 0));
  EXPECT_EQ(solicitation.packet.kind, Kind::kIp);
}

TEST(Parse, ArpIsForEthernetAndIpv4) {
  Bytes arp(14 + 28);
  const uint8_t head[] = {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};
  std::copy(std::begin(head), std::end(head), arp.begin() + 12);

  EXPECT_EQ(Parsed(arp).packet.kind, Kind::kArp);
  for (const size_t byte : {15, 16, 18, 19}) {
    Bytes bad = arp;
    ++bad[byte];
    EXPECT_DROP(Parsed(bad), kBadArp) << "byte " << byte;
  }
  arp.pop_back();
  EXPECT_DROP(Parsed(arp), kBadArp);
}

// Padding apart, a frame that is cut anywhere is dropped, whatever it was.
TEST(Parse, AFrameCutAtAnyLengthIsDropped) {
  const std::vector<Bytes> frames = {
      a_tcp().payload("payload"), a_udp().options(Bytes(12, 1)).payload("x"),
      ping("198.51.100.7", "10.10.0.100"), a_tcp6().payload("payload"),
      a_udp6().extension(kHopByHop, extension(8)).extension(kOptions, extension(16))};
  for (const Bytes& frame : frames) {
    ASSERT_FALSE(Parsed(frame).reason);
    for (size_t length = 0; length < frame.size(); ++length) {
      const Parsed cut(Bytes(frame.begin(), frame.begin() + static_cast<long>(length)));
      EXPECT_DROP(cut, kFrameTruncated) << "cut at " << length << " of " << frame.size();
      EXPECT_EQ(cut.packet.kind, Kind::kNone);
    }
  }
}

}  // namespace
}  // namespace lb
