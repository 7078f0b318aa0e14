// SPDX-License-Identifier: MIT
// Echo to VIPs and LIPs, turned round in place.
#include "lb/local.h"

#include <gtest/gtest.h>

#include "lb/announce.h"
#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

TEST(Echo, APingOfAVipIsAnswered) {
  Rig rig;

  const Outcome out = rig.send(ping("198.51.100.7", "10.10.0.100").ttl(3).payload("abcdefghi"));

  ASSERT_EQ(to_string(out), "tx");
  EXPECT_EQ(out.port, kOutside);
  EXPECT_EQ(difference(out.frame, ping("10.10.0.100", "198.51.100.7")
                                      .icmp(0, 0)
                                      .payload("abcdefghi")
                                      .from(kOutsideMac)
                                      .to(kGatewayMac)),
            "");
}

TEST(Echo, APingOfAnIpv6LipIsAnswered) {
  Rig rig;

  const Outcome out = rig.send(
      ping("2001:db8:20::11", "2001:db8:20::100").from(backend_mac(11)).to(kInsideMac).ttl(255), kInside);

  EXPECT_EQ(out.port, kInside);
  EXPECT_EQ(
      difference(
          out.frame,
          ping("2001:db8:20::100", "2001:db8:20::11").icmp(129, 0).from(kInsideMac).to(backend_mac(11))),
      "");
}

TEST(Echo, OptionsComeBackWithTheAnswer) {
  Rig rig;
  const Bytes record_route = {7, 7, 4, 0, 0, 0, 0, 1};

  const Outcome out = rig.send(ping("198.51.100.7", "10.10.0.100").options(record_route).payload("xyz"));

  EXPECT_EQ(difference(out.frame, ping("10.10.0.100", "198.51.100.7")
                                      .icmp(0, 0)
                                      .options(record_route)
                                      .payload("xyz")
                                      .from(kOutsideMac)
                                      .to(kGatewayMac)),
            "");
}

TEST(Echo, EveryIdentifierLeavesAValidChecksum) {
  Rig rig;
  for (uint32_t rest = 0; rest < 70'000; rest += 17) {
    const Outcome out = rig.send(ping("198.51.100.7", "10.10.0.100").icmp_rest(rest << 8));
    ASSERT_TRUE(out.fields().checksums_hold) << rest;
  }
}

TEST(Echo, ADamagedPingIsNotMadeValid) {
  Rig rig;

  EXPECT_FALSE(rig.send(ping("198.51.100.7", "10.10.0.100").l4_checksum(0x1234)).fields().checksums_hold);
}

TEST(Announce, TellsEveryAddressOnItsOwnLink) {
  Rig rig;

  EXPECT_EQ(announce(rig.worker(), rig.snapshot(), 0), rig.snapshot().addresses.all().size());

  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 4U);  // two VIPs, two LIPs
  unsigned arps = 0;
  for (const auto& [port, frame] : own) {
    if (frame[12] == 8) {
      ++arps;
      const char* address = port == kOutside ? "10.10.0.100" : "10.20.0.100";
      EXPECT_EQ(difference(frame, arp(1, kBroadcastMac, port == kOutside ? kOutsideMac : kInsideMac, address,
                                      {}, address)),
                "");
      continue;
    }
    const FrameFields f = fields_of(frame);
    EXPECT_EQ(f.source.address, ip(port == kOutside ? "2001:db8:10::100" : "2001:db8:20::100"));
    EXPECT_EQ(f.destination.address, ip("ff02::1"));
    EXPECT_TRUE(f.checksums_hold);
    EXPECT_EQ(frame[58] & 0xe0, 0x20) << "unsolicited, override";
  }
  EXPECT_EQ(arps, 2U);
}

TEST(Announce, AVipOfNoLinkIsToldOnEveryPort) {
  Rig rig([](SnapshotSpec& spec) {
    spec.lips.clear();
    spec.services = {service(spec, "rtmp")};
    spec.services[0].vip = ip("192.0.2.80");
    spec.services[0].forward = Forward::kDsr;
  });

  announce(rig.worker(), rig.snapshot(), 0);

  EXPECT_EQ(rig.own_frames().size(), 2U);
}

TEST(Announce, GoesOnWhereTheArenaWasFull) {
  Rig rig([](SnapshotSpec& spec) {
    const ServiceSpec rtmp = service(spec, "rtmp");
    for (unsigned i = 0; i < 200; ++i) {
      spec.services.push_back(rtmp);
      spec.services.back().name = "s" + std::to_string(i);
      spec.services.back().vip = ip("10.10.0." + std::to_string(i < 100 ? i : i + 1));
    }
    spec.services.erase(spec.services.begin() + 4 + 2);  // 10.10.0.2 is the port's
  });
  size_t told = 0, calls = 0;
  for (size_t next = 0; next < rig.snapshot().addresses.all().size(); ++calls) {
    next = announce(rig.worker(), rig.snapshot(), next);
    told += rig.own_frames().size();
    ASSERT_LT(calls, 10U);
  }

  EXPECT_EQ(told, rig.snapshot().addresses.all().size());
  EXPECT_EQ(rig.worker().out.refused(), 0U);
}

}  // namespace
}  // namespace lb
