// SPDX-License-Identifier: MIT
// Neighbour discovery for VIPs and LIPs: RFC 4861's checks, one by one.
#include "lb/neighbour_discovery.h"

#include <gtest/gtest.h>

#include "lb/parse.h"
#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr MacAddress kAsker{{0x52, 0x54, 0, 0x12, 0x34, 0x56}}, kGroupMac{{0x33, 0x33, 0xff, 0, 1, 0}};
constexpr const char *kGateway = "2001:db8:10::1", *kVip = "2001:db8:10::100", *kGroup = "ff02::1:ff00:100";
constexpr uint32_t kSolicited = 0x40000000, kOverride = 0x20000000;

FrameBuilder solicitation(const char* source = kGateway, uint8_t option = 1) {
  return discovery(135, source, kGroup, kVip, option, kAsker).to(kGroupMac);
}

TEST(NeighbourDiscovery, WritesTheSolicitationOfRfc4861) {
  const NeighbourFrame got = neighbour_solicitation(kOutsideMac, ip("2001:db8:10::2"), ip(kVip));

  const Bytes wanted = discovery(135, "2001:db8:10::2", kGroup, kVip, 1, kOutsideMac).to(kGroupMac);
  Bytes plain = wanted;  // the builder sets a flow label
  plain[15] = plain[16] = plain[17] = 0;
  EXPECT_EQ(difference(Bytes(got.begin(), got.end()), plain), "");
}

TEST(NeighbourDiscovery, ASolicitationForAVipIsAnswered) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(solicitation())), "consumed");

  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  Bytes wanted = discovery(136, kVip, kGateway, kVip, 2, kOutsideMac, kSolicited | kOverride).to(kAsker);
  wanted[15] = wanted[16] = wanted[17] = 0;
  EXPECT_EQ(difference(own[0].second, wanted), "");
}

TEST(NeighbourDiscovery, AUnicastSolicitationIsAnsweredToo) {
  Rig rig;

  rig.send(discovery(135, kGateway, kVip, kVip, 0, kAsker));

  EXPECT_EQ(rig.own_frames().size(), 1U);
}

TEST(NeighbourDiscovery, DuplicateAddressDetectionIsAnsweredToAllNodes) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(solicitation("::", 0))), "consumed");

  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(fields_of(own[0].second).destination.address, ip("ff02::1"));
  EXPECT_EQ(fields_of(own[0].second).destination_mac, (MacAddress{{0x33, 0x33, 0, 0, 0, 1}}));
  EXPECT_TRUE(fields_of(own[0].second).checksums_hold);
}

TEST(NeighbourDiscovery, ALipIsAnsweredOnItsOwnLinkOnly) {
  Rig rig;
  const auto ask = [](MacAddress to) {
    return discovery(135, "2001:db8:20::11", "ff02::1:ff00:100", "2001:db8:20::100", 1, backend_mac(11))
        .to(to);
  };

  rig.send(ask(kGroupMac), kInside);
  EXPECT_EQ(rig.own_frames().size(), 1U);
  rig.send(ask(kGroupMac), kOutside);
  EXPECT_EQ(rig.own_frames().size(), 0U);
}

TEST(NeighbourDiscovery, WhatConcernsOtherAddressesIsForTheKernel) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(discovery(135, kGateway, "ff02::1:ff00:2", "2001:db8:10::2", 1, kAsker)
                                   .to({{0x33, 0x33, 0xff, 0, 0, 2}}))),
            "punt");
  EXPECT_EQ(to_string(rig.send(discovery(136, kGateway, "2001:db8:10::2", kGateway, 2, kAsker, kSolicited))),
            "punt");
}

TEST(NeighbourDiscovery, BadMessagesAreDroppedByName) {
  Rig rig;
  Bytes option_of_length_zero = solicitation();
  option_of_length_zero[54 + 25] = 0;
  const std::vector<std::pair<const char*, Bytes>> bad = {
      {"from beyond the link", solicitation().ttl(254)},
      {"code", solicitation().icmp(135, 1)},
      {"checksum", solicitation().l4_checksum(0x1234)},
      {"shorter than a target", FrameBuilder(solicitation()).payload(Bytes(15))},
      {"option of length zero", option_of_length_zero},
      {"option beyond the end", FrameBuilder(solicitation()).payload(Bytes(16 + 7, 1))},
      {"target is a group", discovery(135, kGateway, kVip, "ff02::1", 1, kAsker)},
      {"duplicate detection with a MAC", solicitation("::", 1)},
      {"duplicate detection to a unicast address", discovery(135, "::", kVip, kVip, 0, kAsker)},
      {"solicited by everybody",
       discovery(136, kGateway, "ff02::1", kGateway, 2, kAsker, kSolicited).to(kGroupMac)},
  };
  for (const auto& [what, frame] : bad)
    EXPECT_EQ(to_string(rig.send(frame)), "drop bad_neighbour_discovery") << what;
  EXPECT_EQ(rig.own_frames().size(), 0U);
}

TEST(NeighbourDiscovery, ReadsBothLinkLayerOptions) {
  const auto read = [](const FrameBuilder& frame) {
    Bytes bytes = frame;
    Packet packet;
    EXPECT_FALSE(parse({bytes.data(), static_cast<uint16_t>(bytes.size()), 0, 0}, packet));
    return read_neighbour_message(packet);
  };

  EXPECT_EQ(read(solicitation())->mac, kAsker);
  EXPECT_EQ(read(solicitation(kGateway, 0))->mac, std::nullopt);
  EXPECT_EQ(read(solicitation(kGateway, 2))->mac, std::nullopt)
      << "a target's option says nothing in a solicitation";
  const auto advertised = read(discovery(136, kGateway, kVip, kGateway, 2, kAsker));
  EXPECT_FALSE(advertised->solicitation);
  EXPECT_EQ(advertised->target, ip(kGateway));
  EXPECT_EQ(advertised->mac, kAsker);
}

}  // namespace
}  // namespace lb
