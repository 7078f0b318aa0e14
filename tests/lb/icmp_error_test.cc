// SPDX-License-Identifier: MIT
// What cannot go on is answered: time exceeded, and too big, in either direction.
#include "lb/icmp_error.h"

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

Bytes quote_of(const Bytes& frame, size_t most) {
  return {frame.begin() + 14, frame.begin() + static_cast<ptrdiff_t>(std::min(frame.size(), 14 + most))};
}

TEST(IcmpError, ATtlThatIsUsedUpIsToldToTheClient) {
  Rig rig;
  const Bytes last_hop = udp("198.51.100.7:40000", "10.10.0.100:8000").ttl(1).payload("traceroute");
  EXPECT_EQ(to_string(rig.send(last_hop)), "drop ttl_expired");
  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].first, kOutside);
  EXPECT_EQ(difference(own[0].second, ping("10.10.0.100", "198.51.100.7")
                                          .icmp(11, 0)
                                          .icmp_rest(0)
                                          .from(kOutsideMac)
                                          .to(kGatewayMac)
                                          .own()
                                          .payload(quote_of(last_hop, 548))),
            "");
}

TEST(IcmpError, SoIsAHopLimit) {
  Rig rig;
  const Bytes last_hop = tcp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935").syn().ttl(1);
  EXPECT_EQ(to_string(rig.send(last_hop)), "drop ttl_expired");
  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(difference(own[0].second, ping("2001:db8:10::100", "2001:db8:c::7")
                                          .icmp(3, 0)
                                          .icmp_rest(0)
                                          .from(kOutsideMac)
                                          .to(kGatewayMac)
                                          .own()
                                          .payload(quote_of(last_hop, 1232))),
            "");
}

struct Way {
  const char *name, *client, *vip;
  uint8_t type, code;
  size_t most;
};
class TooBig : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(Ways, TooBig,
                         testing::Values(Way{"V4", "198.51.100.7:40000", "10.10.0.100:8000", 3, 4, 548},
                                         Way{"V6", "[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000", 2, 0,
                                             1232}),
                         [](const auto& way) { return way.param.name; });

TEST_P(TooBig, AClientLearnsWhatTheServersSideTakes) {
  Rig rig;
  rig.worker().mtus[kInside] = 1400;
  const size_t headers = GetParam().type == 3 ? 28 : 48;
  const auto datagram = [&](size_t bytes) {
    return udp(GetParam().client, GetParam().vip).payload(Bytes(bytes - headers, 7)).bytes();
  };
  EXPECT_EQ(to_string(rig.send(datagram(1400))), "tx");
  EXPECT_EQ(to_string(rig.send(datagram(1401))), "drop too_big");
  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(difference(own[0].second, ping(endpoint(GetParam().vip).address.to_string(),
                                           endpoint(GetParam().client).address.to_string())
                                          .icmp(GetParam().type, GetParam().code)
                                          .icmp_rest(1400)
                                          .from(kOutsideMac)
                                          .to(kGatewayMac)
                                          .own()
                                          .payload(quote_of(datagram(1401), GetParam().most))),
            "");
}

TEST_P(TooBig, AServerLearnsWhatTheClientsSideTakes) {
  Rig rig;
  rig.worker().mtus[kOutside] = 1300;
  const Outcome request = rig.send(udp(GetParam().client, GetParam().vip).payload("play"));
  const FrameFields seen = request.fields();
  const Bytes media = udp(seen.destination.to_string(), seen.source.to_string())
                          .from(seen.destination_mac)
                          .to(kInsideMac)
                          .payload(Bytes(1300, 7));
  EXPECT_EQ(to_string(rig.send(media, kInside)), "drop too_big");
  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].first, kInside);
  EXPECT_EQ(own[0].second[GetParam().type == 3 ? 34 : 54], GetParam().type);
  EXPECT_TRUE(fields_of(own[0].second).checksums_hold);
}

TEST(IcmpError, NobodyIsToldOfManyFaultsASecond) {
  Rig rig;
  for (int i = 0; i < 3000; ++i) {
    rig.send(udp("198.51.100.7:40000", "10.10.0.100:8000").ttl(1));
    rig.own_frames();
  }
  EXPECT_EQ(rig.counters().icmp_sent.get(), 1000U);
}

}  // namespace
}  // namespace lb
