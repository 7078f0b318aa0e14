// SPDX-License-Identifier: MIT
// What is for a service, what for a LIP, what for Cleat itself, and what for the kernel.
#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kClient = "198.51.100.7:40000", *kClient6 = "[2001:db8:c::7]:40000";

TEST(Classify, WhatIsNotForAVipOrLipIsForTheKernel) {
  Rig rig;
  const std::vector<Bytes> frames = {
      tcp(kClient, "10.10.0.2:22").syn(),
      udp(kClient, "10.10.0.255:67"),
      udp(kClient, "203.0.113.1:53"),
      tcp(kClient6, "[2001:db8:10::2]:22").syn(),
      ping("198.51.100.7", "10.10.0.2"),
      ping("2001:db8:c::7", "2001:db8:10::2"),
      udp(kClient, "10.10.0.2:53").fragment(0x2000),
      udp(kClient6, "[2001:db8:10::2]:53").extension(44, {0, 0, 0, 1, 0, 0, 0, 7}),
      udp(kClient, "10.10.0.2:1").protocol(89),
      udp(kClient, "10.10.0.100:8000").to(kBroadcastMac),
  };
  for (const Bytes& frame : frames) {
    const Outcome out = rig.send(frame);
    EXPECT_EQ(to_string(out), "punt");
    EXPECT_EQ(difference(out.frame, frame), "") << "the kernel gets it as it came";
  }
  EXPECT_EQ(rig.worker().counters.ports[kOutside].punted.get(), frames.size());
}

TEST(Classify, AnIcmpv6TypeInsideIpv4IsNoNeighbourDiscovery) {
  Rig rig;
  const Bytes frame = ping("198.51.100.7", "10.10.0.2").protocol(58).icmp(135, 0);

  EXPECT_EQ(to_string(rig.send(frame)), "punt");
}

TEST(Classify, AFrameToAnotherStationIsNotForwardedTwice) {
  Rig rig;
  const MacAddress other{{0x02, 0, 0, 0, 0, 0x77}};

  EXPECT_EQ(to_string(rig.send(tcp(kClient, "10.10.0.100:1935").syn().to(other))), "drop other_station");
  EXPECT_EQ(to_string(rig.send(tcp(kClient, "10.10.0.2:22").syn().to(other))), "drop other_station");
  EXPECT_EQ(to_string(rig.send(tcp(kClient, "10.10.0.100:1935").syn().to(kOutsideMac), kInside)),
            "drop other_station");
}

TEST(Classify, AVipWithoutAServiceOnThePortIsSilent) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(tcp(kClient, "10.10.0.100:8000").syn())), "drop no_service");
  EXPECT_EQ(to_string(rig.send(udp(kClient, "10.10.0.100:1935"))), "drop no_service");
  EXPECT_EQ(to_string(rig.send(udp(kClient, "10.10.0.100:1").protocol(47))), "drop no_service");
  EXPECT_EQ(to_string(rig.send(tcp(kClient6, "[2001:db8:10::100]:1936").syn())), "drop no_service");
}

TEST(Classify, ALaterPieceWaitsForWhoeverHasThePorts) {
  Rig rig;
  const Bytes later = {0, 0, 0, 9, 0, 0, 0, 7};

  EXPECT_EQ(to_string(rig.send(udp(kClient6, "[2001:db8:10::100]:8000").extension(44, later))),
            "hold for a first piece");
  EXPECT_EQ(
      to_string(rig.send(udp("10.20.0.11:8000", "10.20.0.100:1024").fragment(1).to(kInsideMac), kInside)),
      "hold for a first piece");
  EXPECT_EQ(to_string(rig.send(udp(kClient, "10.10.0.100:8000").fragment(1).ttl(1))), "drop ttl_expired");
}

TEST(Classify, NeitherEchoNorErrorIsNoIcmpForCleat) {
  Rig rig;

  EXPECT_EQ(to_string(rig.send(ping("198.51.100.7", "10.10.0.100").icmp(0, 0))), "drop icmp_not_forwarded");
  EXPECT_EQ(to_string(rig.send(ping("2001:db8:c::7", "2001:db8:10::100").icmp(130, 0))),
            "drop icmp_not_forwarded");
}

TEST(Classify, AnExactPortBeatsARange) {
  Rig rig([](SnapshotSpec& spec) {
    ServiceSpec all = service(spec, "rtc");
    all.name = "all";
    all.port_first = 1;
    all.port_last = 65535;
    spec.services.push_back(all);
    pool(spec, "srs").backends.resize(1);
  });

  rig.send(udp(kClient, "10.10.0.100:8000"));
  rig.send(udp(kClient, "10.10.0.100:8001"));
  rig.send(udp(kClient, "10.10.0.100:65535"));

  EXPECT_EQ(rig.open_flows("rtc"), 1);
  EXPECT_EQ(rig.open_flows("all"), 2);
}

TEST(Classify, OnAPortRangeEachPortIsAFlowOfItsOwn) {
  Rig rig([](SnapshotSpec& spec) {
    service(spec, "rtc").port_last = 8009;
    pool(spec, "srs").backends.resize(1);
  });

  const FrameFields first = rig.send(udp(kClient, "10.10.0.100:8000")).fields();
  const FrameFields second = rig.send(udp(kClient, "10.10.0.100:8009")).fields();

  EXPECT_EQ(first.destination.to_string(), "10.20.0.11:8000");
  EXPECT_EQ(second.destination.to_string(), "10.20.0.11:8009");
  EXPECT_NE(first.source.port, second.source.port);
  const Outcome reply = rig.send(
      udp(second.destination.to_string(), second.source.to_string()).to(kInsideMac).from(backend_mac(11)),
      kInside);
  EXPECT_EQ(reply.fields().source.to_string(), "10.10.0.100:8009");
}

}  // namespace
}  // namespace lb
