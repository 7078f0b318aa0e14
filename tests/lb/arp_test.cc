// SPDX-License-Identifier: MIT
// ARP for VIPs and LIPs, and what Cleat overhears of the kernel's.
#include "lb/arp.h"

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr MacAddress kAsker{{0x52, 0x54, 0, 0x12, 0x34, 0x56}}, kNone{};

Bytes who_has(std::string_view target, std::string_view asker = "10.10.0.1") {
  return arp(kArpRequest, kBroadcastMac, kAsker, asker, kNone, target);
}
template <size_t kSize>
Bytes bytes_of(const std::array<uint8_t, kSize>& frame) {
  return {frame.begin(), frame.end()};
}

TEST(Arp, FramesAreThoseOfRfc826) {
  // ethernet | hardware 1, protocol 0800, lengths 6 and 4, operation | sender | target
  const Bytes request = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0,  0, 0, 1, 8, 6, 0, 1, 8, 0,  6,  4, 0,
                         1,    2,    0,    0,    0,    0,    1, 10, 10, 0, 2, 0, 0, 0, 0, 0, 0, 10, 10, 0, 1};
  const be32 own = ip("10.10.0.2").as_v4(), gateway = ip("10.10.0.1").as_v4();

  EXPECT_EQ(difference(bytes_of(arp_request(kOutsideMac, own, gateway)), request), "");
  EXPECT_EQ(difference(bytes_of(arp_reply(kOutsideMac, own, kAsker, gateway)),
                       arp(2, kAsker, kOutsideMac, "10.10.0.2", kAsker, "10.10.0.1")),
            "");
  EXPECT_EQ(difference(bytes_of(arp_announcement(kOutsideMac, own)),
                       arp(1, kBroadcastMac, kOutsideMac, "10.10.0.2", kNone, "10.10.0.2")),
            "");
}

TEST(Arp, ARequestForAVipIsAnswered) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(who_has("10.10.0.100"))), "consumed");

  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].first, kOutside);
  EXPECT_EQ(
      difference(own[0].second, arp(kArpReply, kAsker, kOutsideMac, "10.10.0.100", kAsker, "10.10.0.1")), "");
}

TEST(Arp, ARequestForALipIsAnsweredOnItsOwnLinkOnly) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(who_has("10.20.0.100", "10.20.0.11"), kInside)), "consumed");
  ASSERT_EQ(rig.own_frames().size(), 1U);
  EXPECT_EQ(to_string(rig.send(who_has("10.20.0.100"), kOutside)), "consumed");
  EXPECT_EQ(rig.own_frames().size(), 0U);
}

TEST(Arp, AVipOfNoLinkIsAnsweredEverywhere) {
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtmp").vip = ip("192.0.2.80"); });

  rig.send(who_has("192.0.2.80"), kOutside);
  rig.send(who_has("192.0.2.80"), kInside);

  EXPECT_EQ(rig.own_frames().size(), 2U);
}

TEST(Arp, AProbeForAnAddressOfOursIsAnswered) {
  Rig rig;

  rig.send(who_has("10.10.0.100", "0.0.0.0"));  // RFC 5227 section 2.1.1

  EXPECT_EQ(rig.own_frames().size(), 1U);
}

TEST(Arp, AnAnnouncementOfOurAddressIsNotAnswered) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(who_has("10.10.0.100", "10.10.0.100"))), "consumed");
  EXPECT_EQ(rig.own_frames().size(), 0U);
}

TEST(Arp, WhatConcernsOtherAddressesIsForTheKernel) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(who_has("10.10.0.2"))), "punt");
  EXPECT_EQ(to_string(rig.send(arp(kArpReply, kOutsideMac, kAsker, "10.10.0.1", kOutsideMac, "10.10.0.2"))),
            "punt");
  EXPECT_EQ(rig.own_frames().size(), 0U);
}

TEST(Arp, MalformedPacketsAreDroppedByName) {
  Rig rig;
  Bytes short_frame = who_has("10.10.0.100"), token_ring = short_frame;
  short_frame.resize(41);
  token_ring[15] = 6;
  const MacAddress group{{1, 0, 0x5e, 0, 0, 1}};
  Bytes from_group = who_has("10.10.0.100");
  std::copy(group.bytes.begin(), group.bytes.end(), from_group.begin() + 22);

  for (const Bytes& bad : {short_frame, token_ring, from_group})
    EXPECT_EQ(to_string(rig.send(bad)), "drop bad_arp");
  EXPECT_EQ(rig.own_frames().size(), 0U);
}

}  // namespace
}  // namespace lb
