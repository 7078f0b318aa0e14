// SPDX-License-Identifier: MIT
#include "lb/mss_clamp.h"

#include <gtest/gtest.h>

#include "tests/lb/parsed.h"
#include "tests/lb/splice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr Family kV4 = Family::kIpv4, kV6 = Family::kIpv6;

Bytes mss(unsigned value) { return {2, 4, static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)}; }

// The options of a SYN that said `options`, clamped.
Bytes clamped(const Bytes& options, uint16_t most, uint8_t header = 0) {
  Parsed syn(tcp("198.51.100.7:40000", "10.10.0.100:1935").syn().tcp_options(options).payload("odd"));
  EXPECT_FALSE(syn.reason);
  clamp_mss(syn.packet, most, header);
  const SegmentSeen seen = segment_of(Bytes(syn.block.get(), syn.block.get() + syn.size));
  EXPECT_TRUE(seen.checksums_hold);
  return seen.options;
}

TEST(MssClamp, WhatFitsIsTheLesserOfBothArms) {
  EXPECT_EQ(mss_between({1500, kV4}, {1500, kV4}, 0), 1460);
  EXPECT_EQ(mss_between({1500, kV4}, {1500, kV6}, 0), 1440);
  EXPECT_EQ(mss_between({9000, kV6}, {1500, kV4}, 0), 1460);
  EXPECT_EQ(mss_between({1400, kV6}, {1500, kV4}, 0), 1340);
  EXPECT_EQ(mss_between({1500, kV4}, {1500, kV4}, 1200), 1200);
  EXPECT_EQ(mss_between({1500, kV4}, {1500, kV4}, 8960), 1460);
  EXPECT_EQ(mss_between({68, kV6}, {1500, kV4}, 0), 48);
}

TEST(MssClamp, ALargerOneIsLoweredASmallerOneStays) {
  EXPECT_EQ(clamped(mss(1460), 1440), mss(1440));
  EXPECT_EQ(clamped(mss(65535), 1440), mss(1440));
  EXPECT_EQ(clamped(mss(1440), 1440), mss(1440));
  EXPECT_EQ(clamped(mss(536), 1440), mss(536));
  EXPECT_EQ(clamped(mss(0), 1440), mss(0));
}

TEST(MssClamp, TheHeaderComesOffWhateverIsSaid) {
  EXPECT_EQ(clamped(mss(1460), 1440, 28), mss(1412));
  EXPECT_EQ(clamped(mss(536), 1440, 28), mss(508));
  EXPECT_EQ(clamped(mss(60), 1440, 28), mss(60)) << "no room for both";
}

TEST(MssClamp, ItsPlaceAmongOtherOptionsIsOfNoMatter) {
  const Bytes nop = {1}, permitted = {4, 2}, scale = {3, 3, 7};
  EXPECT_EQ(clamped(nop + mss(1460) + scale, 1440), nop + mss(1440) + scale);
  EXPECT_EQ(clamped(permitted + scale + mss(1460) + scale, 1440), permitted + scale + mss(1440) + scale);
  EXPECT_EQ(clamped(mss(1460) + mss(9000), 1440), mss(1440) + mss(1440));
}

TEST(MssClamp, NoneIsAdded) {
  EXPECT_EQ(clamped({}, 1440), Bytes{});
  EXPECT_EQ(clamped({1, 1, 1, 1}, 1440), (Bytes{1, 1, 1, 1}));
}

TEST(MssClamp, MalformedOptionsAreLeftAlone) {
  const Bytes end = {0, 0, 0, 0};
  for (const Bytes& bad :
       {end + mss(1460), Bytes{2, 3, 9, 9}, Bytes{2, 2, 9, 9}, Bytes{2, 1, 9, 9}, Bytes{2, 0, 9, 9},
        Bytes{2, 40, 9, 9}, Bytes{1, 1, 2, 4}, Bytes{1, 1, 1, 2}, Bytes{8, 0, 1, 1} + mss(1460)})
    EXPECT_EQ(clamped(bad, 1), bad);
}

TEST(MssClamp, AnyHeaderThatParseTakesIsWalkedWithinItsBounds) {
  uint32_t random = 1;
  for (unsigned round = 0; round < 20'000; ++round) {
    Bytes options(4 * (round % 11));
    for (uint8_t& byte : options) byte = static_cast<uint8_t>((random = random * 1664525 + 1013904223) >> 28);
    clamped(options, 100, 28);
  }
}

struct Told {
  const char *client, *vip, *service, *pool, *server;
  unsigned wanted;
};
class MssInForward : public testing::TestWithParam<Told> {};
INSTANTIATE_TEST_SUITE_P(Ways, MssInForward,
                         testing::Values(Told{"198.51.100.7:4", "10.10.0.100:1935", "rtmp", "srs",
                                              "10.20.0.11:1935", 1460},
                                         Told{"198.51.100.7:4", "10.10.0.100:1935", "rtmp", "srs6",
                                              "[2001:db8:20::11]:1935", 1440},
                                         Told{"[2001:db8:c::7]:4", "[2001:db8:10::100]:1935", "rtmp6", "srs",
                                              "10.20.0.11:1935", 1440},
                                         Told{"[2001:db8:c::7]:4", "[2001:db8:10::100]:1935", "rtmp6", "srs6",
                                              "[2001:db8:20::11]:1935", 1440}));

TEST_P(MssInForward, BothEndsAreToldWhatFitsTheWay) {
  const Told& way = GetParam();
  for (const unsigned configured : {0U, 1000U}) {
    Rig rig([&](SnapshotSpec& spec) {
      service(spec, way.service).pool = way.pool;
      service(spec, way.service).mss = static_cast<uint16_t>(configured);
      pool(spec, way.pool).backends.resize(1);
    });
    rig.headroom = 64;
    const unsigned wanted = configured != 0 ? configured : way.wanted;
    const Outcome syn = rig.send(tcp(way.client, way.vip).syn().tcp_options(mss(8960)));
    ASSERT_EQ(to_string(syn), "tx");
    EXPECT_EQ(segment_of(syn.frame).options, mss(wanted));
    const Outcome answer = rig.send(
        tcp(way.server, syn.fields().source.to_string()).syn_ack().tcp_options(mss(8960)).to(kInsideMac),
        kInside);
    EXPECT_EQ(segment_of(answer.frame).options, mss(wanted));
    const Outcome data = rig.send(tcp(way.client, way.vip).tcp_options(mss(8960)));
    EXPECT_EQ(segment_of(data.frame).options, mss(8960)) << "only where SYN says so";
  }
}

TEST_P(MssInForward, ASmallerPortLimitsBoth) {
  const Told& way = GetParam();
  Rig rig([&](SnapshotSpec& spec) {
    service(spec, way.service).pool = way.pool;
    pool(spec, way.pool).backends.resize(1);
  });
  rig.headroom = 64;
  rig.worker().mtus[kOutside] = 1300;
  const unsigned wanted = endpoint(way.client).address.is_v4() ? 1260 : 1240;
  const Outcome syn = rig.send(tcp(way.client, way.vip).syn().tcp_options(mss(1460)));
  EXPECT_EQ(segment_of(syn.frame).options, mss(wanted));
  const Outcome answer = rig.send(
      tcp(way.server, syn.fields().source.to_string()).syn_ack().tcp_options(mss(1460)).to(kInsideMac),
      kInside);
  EXPECT_EQ(segment_of(answer.frame).options, mss(wanted));
}

TEST(MssClamp, OutsideNatOnlyTheConfiguredOneCounts) {
  for (const Forward forward : {Forward::kDsr, Forward::kIpip, Forward::kGue}) {
    for (const uint16_t configured : {uint16_t{0}, uint16_t{1000}}) {
      Rig rig([&](SnapshotSpec& spec) {
        service(spec, "rtmp").forward = forward;
        service(spec, "rtmp").mss = configured;
      });
      rig.headroom = 64;
      const Bytes syn =
          tcp("198.51.100.7:40000", "10.10.0.100:1935").syn().tcp_options(mss(8960)).payload("x");
      const Outcome out = rig.send(syn);
      ASSERT_EQ(to_string(out), "tx");
      const auto inner = static_cast<ptrdiff_t>(out.frame.size() - (syn.size() - 14));
      const Bytes packet(out.frame.begin() + inner, out.frame.end());
      const SegmentSeen seen = segment_of(Bytes(syn.begin(), syn.begin() + 14) + packet);
      EXPECT_EQ(seen.options, mss(configured != 0 ? configured : 8960));
      EXPECT_TRUE(seen.checksums_hold);
    }
  }
}

}  // namespace
}  // namespace lb
