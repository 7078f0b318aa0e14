// SPDX-License-Identifier: MIT
// Next hops: asked for, learned, held frames resumed, failures noticed and forgiven.
#include "lb/neighbours.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lb/arp.h"
#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr MacAddress kMac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}}, kOther{{0x52, 0x54, 0, 0, 0, 1}};
constexpr const char *kClient = "198.51.100.7:40000", *kRtc = "10.10.0.100:8000",
                     *kRtc6 = "[2001:db8:10::100]:8000";

// Backends whose MAC nobody knows yet.
void strangers(SnapshotSpec& spec) {
  pool(spec, "srs").backends = {{ip("10.20.0.14"), 0, 1}};
  pool(spec, "srs6").backends = {{ip("2001:db8:20::14"), 0, 1}};
}

class NextHop : public testing::Test {
 protected:
  Outcome send() { return rig_.send(udp(kClient, kRtc)); }
  void answer(const MacAddress& mac = kMac) {
    rig_.send(arp(kArpReply, kInsideMac, mac, "10.20.0.14", kInsideMac, "10.20.0.2"), kInside);
  }
  Resolution state() {
    for (unsigned i = 0; i < Neighbours::kCapacity; ++i)
      if (const auto row = rig_.neighbours().row(i); row && row->address == ip("10.20.0.14"))
        return row->state;
    return Resolution::kFull;
  }
  Rig rig_{strangers};
};

TEST_F(NextHop, AnUnknownOneIsAskedForWhileTheFrameIsHeld) {
  const Outcome out = send();

  EXPECT_EQ(to_string(out), "hold for 10.20.0.14");
  EXPECT_EQ(out.port, kInside);
  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].first, kInside);
  EXPECT_EQ(
      difference(own[0].second, arp(kArpRequest, kBroadcastMac, kInsideMac, "10.20.0.2", {}, "10.20.0.14")),
      "");
}

TEST_F(NextHop, AnIpv6OneIsSolicited) {
  EXPECT_EQ(to_string(rig_.send(udp("[2001:db8:c::7]:40000", kRtc6))), "hold for 2001:db8:20::14");

  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 1U);
  Bytes wanted = discovery(135, "2001:db8:20::2", "ff02::1:ff00:14", "2001:db8:20::14", 1, kInsideMac)
                     .to({{0x33, 0x33, 0xff, 0, 0, 0x14}});
  wanted[15] = wanted[16] = wanted[17] = 0;
  EXPECT_EQ(difference(own[0].second, wanted), "");
}

TEST_F(NextHop, AHeldFrameGoesOutAfterTheAnswer) {
  const Outcome held = send();
  EXPECT_EQ(to_string(rig_.resume(held)), "hold for 10.20.0.14");
  answer();

  const Outcome out = rig_.resume(held);

  ASSERT_EQ(to_string(out), "tx");
  EXPECT_EQ(out.port, kInside);
  EXPECT_EQ(
      difference(out.frame, udp("10.20.0.100:1024", "10.20.0.14:8000").ttl(63).from(kInsideMac).to(kMac)),
      "");
  EXPECT_EQ(to_string(send()), "tx");
}

TEST_F(NextHop, AnAdvertisementAnswersASolicitation) {
  const Outcome held = rig_.send(udp("[2001:db8:c::7]:40000", kRtc6));
  rig_.send(discovery(136, "2001:db8:20::14", "2001:db8:20::2", "2001:db8:20::14", 2, kMac, 0x60000000)
                .to(kInsideMac),
            kInside);

  const Outcome out = rig_.resume(held);

  ASSERT_EQ(to_string(out), "tx");
  EXPECT_EQ(out.fields().destination_mac, kMac);
}

TEST_F(NextHop, ABurstAsksOnce) {
  const std::vector<Bytes> burst(64, udp(kClient, kRtc));

  rig_.send_burst(burst);

  EXPECT_EQ(rig_.own_frames().size(), 1U);
}

TEST_F(NextHop, IsAskedThreeTimesASecondApartAndThenGivenUp) {
  const Outcome held = send();
  EXPECT_EQ(rig_.own_frames().size(), 1U);
  for (int request = 2; request <= 3; ++request) {
    rig_.jump_ms(999);
    EXPECT_EQ(to_string(rig_.resume(held)), "hold for 10.20.0.14");
    EXPECT_EQ(rig_.own_frames().size(), 0U);
    rig_.jump_ms(1);
    rig_.resume(held);
    EXPECT_EQ(rig_.own_frames().size(), 1U) << request;
  }
  rig_.jump_ms(1000);

  EXPECT_EQ(to_string(rig_.resume(held)), "drop next_hop_unresolved");
  EXPECT_EQ(to_string(send()), "drop next_hop_unresolved");
  EXPECT_EQ(state(), Resolution::kFailed);
}

TEST_F(NextHop, AFailedOneIsAskedAgainAfterAPause) {
  send();
  for (int i = 0; i < 3; ++i) rig_.jump_ms(1000), send();
  rig_.own_frames();
  EXPECT_EQ(to_string(send()), "drop next_hop_unresolved");
  rig_.jump_ms(2000);

  EXPECT_EQ(to_string(send()), "hold for 10.20.0.14");
  EXPECT_EQ(rig_.own_frames().size(), 1U);
  answer();
  EXPECT_EQ(to_string(send()), "tx");
}

TEST_F(NextHop, AFailedOneThatSpeaksUpIsUsedAtOnce) {
  send();
  for (int i = 0; i < 3; ++i) rig_.jump_ms(1000), send();
  EXPECT_EQ(state(), Resolution::kFailed);

  answer();

  EXPECT_EQ(to_string(send()), "tx");
}

TEST_F(NextHop, AKnownOneIsConfirmedEveryHalfMinuteWithoutHoldingFrames) {
  send();
  answer();
  rig_.own_frames();
  rig_.jump_ms(29'999);
  EXPECT_EQ(to_string(send()), "tx");
  EXPECT_EQ(rig_.own_frames().size(), 0U);
  rig_.jump_ms(1);

  EXPECT_EQ(to_string(send()), "tx");
  EXPECT_EQ(rig_.own_frames().size(), 1U);
  for (int i = 0; i < 2; ++i) {
    rig_.jump_ms(1000);
    EXPECT_EQ(to_string(send()), "tx");
  }
  rig_.jump_ms(1000);
  EXPECT_EQ(to_string(send()), "drop next_hop_unresolved");
}

TEST_F(NextHop, ANewMacIsTakenUpAtOnce) {
  send();
  answer();
  EXPECT_EQ(send().fields().destination_mac, kMac);

  rig_.jump_ms(1);
  answer(kOther);

  EXPECT_EQ(send().fields().destination_mac, kOther);
}

TEST_F(NextHop, NobodyIsLearnedThatWasNotAskedFor) {
  answer();

  EXPECT_EQ(state(), Resolution::kFull) << "no such row";
}

TEST_F(NextHop, AnAnswerOnAnotherPortIsNotBelieved) {
  send();
  rig_.send(arp(kArpReply, kOutsideMac, kMac, "10.20.0.14", kOutsideMac, "10.20.0.2"), kOutside);

  EXPECT_EQ(to_string(send()), "hold for 10.20.0.14");
}

TEST_F(NextHop, AStaticOneIsNeitherAskedForNorOverwritten) {
  rig_.neighbours().put_static(kInside, ip("10.20.0.14"), kOther);
  answer(kMac);
  rig_.jump_ms(3'600'000);

  EXPECT_EQ(send().fields().destination_mac, kOther);
  EXPECT_EQ(rig_.own_frames().size(), 0U);
}

TEST_F(NextHop, AnUnusedOneIsForgotten) {
  send();
  answer();
  for (unsigned i = 0; i < 2 * Neighbours::kCapacity / 512; ++i) rig_.neighbours().sweep(rig_.now());
  EXPECT_EQ(state(), Resolution::kKnown);
  rig_.jump_ms(600'000);

  for (unsigned i = 0; i < 2 * Neighbours::kCapacity / 512; ++i) rig_.neighbours().sweep(rig_.now());

  EXPECT_EQ(state(), Resolution::kFull) << "no such row";
}

// Workers read their clocks one by one: a request that a faster one sent a moment ago lies in this one's future.
TEST_F(NextHop, AWorkerWhoseClockIsBehindDoesNotCountTimeOuts) {
  OutFrames out;
  MacAddress mac;
  const auto resolve = [&](int64_t skew) {
    return rig_.neighbours().resolve(rig_.snapshot(), kInsideMac, kInside, ip("10.20.0.14"),
                                     {rig_.now().ms + static_cast<uint64_t>(skew)}, out, mac);
  };
  for (const int64_t skew : {5, 0, 5, 0, 4, 1, 3, 2, 0, 5})
    EXPECT_EQ(resolve(skew), Resolution::kPending) << skew;

  EXPECT_EQ(out.frames().size(), 1U);
  rig_.neighbours().learn(kInside, ip("10.20.0.14"), kMac, {rig_.now().ms + 5});
  EXPECT_EQ(resolve(0), Resolution::kKnown);
  EXPECT_EQ(out.frames().size(), 1U);
}

TEST(NextHopRoute, RepliesLeaveThroughTheGatewayOfTheClientsFamily) {
  Rig rig([](SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); });
  const Endpoint lip = rig.send(udp(kClient, kRtc)).fields().source;
  const Endpoint near = rig.send(udp("10.10.0.77:5", kRtc)).fields().source;

  EXPECT_EQ(
      rig.send(udp("10.20.0.11:8000", lip.to_string()).to(kInsideMac), kInside).fields().destination_mac,
      kGatewayMac);
  EXPECT_EQ(to_string(rig.send(udp("10.20.0.11:8000", near.to_string()).to(kInsideMac), kInside)),
            "hold for 10.10.0.77");
}

}  // namespace
}  // namespace lb
