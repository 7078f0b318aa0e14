// SPDX-License-Identifier: MIT
// nat, byte for byte, for both families and both protocols: what goes out is compared with a frame written from
// scratch, so that every checksum is proved by a full sum.
#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

struct Way {
  const char* name;
  FrameBuilder (*frame)(std::string_view, std::string_view);
  const char *client, *vip, *lip, *backend;
};

constexpr const char *kClient4 = "198.51.100.7:40000", *kClient6 = "[2001:db8:c::7]:40000";
const Way kWays[] = {
    {"Tcp4", tcp, kClient4, "10.10.0.100:1935", "10.20.0.100:1024", "10.20.0.11:1935"},
    {"Udp4", udp, kClient4, "10.10.0.100:8000", "10.20.0.100:1024", "10.20.0.11:8000"},
    {"Tcp6", tcp, kClient6, "[2001:db8:10::100]:1935", "[2001:db8:20::100]:1024", "[2001:db8:20::11]:1935"},
    {"Udp6", udp, kClient6, "[2001:db8:10::100]:8000", "[2001:db8:20::100]:1024", "[2001:db8:20::11]:8000"},
};

void only_first_backend(SnapshotSpec& spec) {
  for (PoolSpec& each : spec.pools) each.backends.resize(1);
}

class ForwardNat : public testing::TestWithParam<Way> {
 protected:
  FrameBuilder from_client() { return GetParam().frame(GetParam().client, GetParam().vip).syn(); }
  FrameBuilder to_backend() {
    return GetParam().frame(GetParam().lip, GetParam().backend).syn().from(kInsideMac).to(backend_mac(11));
  }
  FrameBuilder from_backend() {
    return GetParam()
        .frame(GetParam().backend, GetParam().lip)
        .syn_ack()
        .from(backend_mac(11))
        .to(kInsideMac);
  }
  FrameBuilder to_client() {
    return GetParam().frame(GetParam().vip, GetParam().client).syn_ack().from(kOutsideMac).to(kGatewayMac);
  }

  Rig rig_{only_first_backend};
};
INSTANTIATE_TEST_SUITE_P(Ways, ForwardNat, testing::ValuesIn(kWays),
                         [](const auto& way) { return way.param.name; });

TEST_P(ForwardNat, TheClientsPacketLeavesFromALipToTheBackend) {
  const Outcome out = rig_.send(from_client().ttl(57).payload("an odd number of bytes!"));

  ASSERT_EQ(out.action, Action::kTx) << out;
  EXPECT_EQ(out.port, kInside);
  EXPECT_EQ(difference(out.frame, to_backend().ttl(56).payload("an odd number of bytes!")), "");
}

TEST_P(ForwardNat, TheReplyLeavesFromTheVipToTheClient) {
  rig_.send(from_client());

  const Outcome out = rig_.send(from_backend().ttl(64).payload("reply"), kInside);

  ASSERT_EQ(out.action, Action::kTx) << out;
  EXPECT_EQ(out.port, kOutside);
  EXPECT_EQ(difference(out.frame, to_client().ttl(63).payload("reply")), "");
}

TEST_P(ForwardNat, PaddingIsCutOff) {
  const Outcome out = rig_.send(from_client().padding(11));

  EXPECT_EQ(difference(out.frame, to_backend().ttl(63)), "");
}

TEST_P(ForwardNat, AWrongChecksumStaysWrong) {
  const FrameFields good = fields_of(from_client());
  const Outcome out = rig_.send(from_client().l4_checksum(static_cast<uint16_t>(good.l4_checksum ^ 0x0101)));

  ASSERT_EQ(out.action, Action::kTx);
  EXPECT_FALSE(out.fields().checksums_hold);
}

TEST_P(ForwardNat, TheLastHopIsNotForwarded) {
  rig_.send(from_client());

  for (const uint8_t ttl : {uint8_t{0}, uint8_t{1}}) {
    EXPECT_EQ(to_string(rig_.send(from_client().ttl(ttl))), "drop ttl_expired");
    EXPECT_EQ(to_string(rig_.send(from_backend().ttl(ttl), kInside)), "drop ttl_expired");
  }
  EXPECT_EQ(rig_.send(from_client().ttl(2)).fields().ttl, 1);
}

TEST_P(ForwardNat, ABackendsOwnPortReplacesTheServices) {
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) {
    for (PoolSpec& each : spec.pools) each.backends[0].port = 19350;
  }));

  const Outcome out = rig_.send(from_client());
  Endpoint backend = endpoint(GetParam().backend), lip = endpoint(GetParam().lip);
  backend.port = 19350;
  const auto reply = GetParam().frame(backend.to_string(), lip.to_string()).syn_ack().from(backend_mac(11));

  EXPECT_EQ(out.fields().destination.to_string(), backend.to_string());
  EXPECT_EQ(difference(rig_.send(FrameBuilder(reply).to(kInsideMac), kInside).frame, to_client().ttl(63)),
            "");
}

TEST_P(ForwardNat, AReplyFromAnotherHostOrPortIsFromAStranger) {
  rig_.send(from_client());
  Endpoint other_host = endpoint(GetParam().backend), other_port = other_host;
  other_host.address = other_host.address.is_v4() ? ip("10.20.0.12") : ip("2001:db8:20::12");
  ++other_port.port;

  for (const Endpoint& stranger : {other_host, other_port}) {
    const auto frame = GetParam().frame(stranger.to_string(), GetParam().lip).to(kInsideMac);
    EXPECT_EQ(to_string(rig_.send(frame, kInside)), "drop reply_from_stranger") << stranger.to_string();
  }
}

TEST_P(ForwardNat, APacketToAnUnusedLipPortHasNoSlot) {
  Endpoint unused = endpoint(GetParam().lip);
  for (const uint16_t port : {uint16_t{0}, uint16_t{80}, uint16_t{1023}, uint16_t{1024}, uint16_t{65535}}) {
    unused.port = port;
    const FrameBuilder frame(GetParam().frame == tcp ? Protocol::kTcp : Protocol::kUdp,
                             endpoint(GetParam().backend), unused);
    EXPECT_EQ(to_string(rig_.send(FrameBuilder(frame).to(kInsideMac), kInside)), "drop reply_without_slot")
        << port;
  }
}

TEST_P(ForwardNat, TrafficIsCountedForServiceAndBackend) {
  const size_t in = rig_.send(from_client().payload("12345")).frame.size();
  const size_t out = rig_.send(from_backend().payload("123").padding(20), kInside).frame.size();

  const Service* found = nullptr;
  for (const Service& each : rig_.snapshot().services)
    if (each.vip == endpoint(GetParam().vip).address &&
        each.protocol == (GetParam().frame == tcp ? Protocol::kTcp : Protocol::kUdp))
      found = &each;
  const TrafficCounters& traffic = rig_.worker().counters.services[found->id];
  EXPECT_EQ(traffic.packets_in.get(), 1U);
  EXPECT_EQ(traffic.bytes_in.get(), in);
  EXPECT_EQ(traffic.packets_out.get(), 1U);
  EXPECT_EQ(traffic.bytes_out.get(), out);
  EXPECT_EQ(traffic.flows_opened.get(), 1U);
}

TEST(ForwardNatUdp, AnAbsentChecksumStaysAbsentOnIpv4) {
  Rig rig(only_first_backend);

  const Outcome out = rig.send(udp(kClient4, "10.10.0.100:8000").l4_checksum(0).payload("x"));

  EXPECT_EQ(out.fields().l4_checksum, 0);
}

TEST(ForwardNatUdp, SurplusBehindTheDatagramIsKept) {
  Rig rig(only_first_backend);

  const Outcome out =
      rig.send(udp(kClient4, "10.10.0.100:8000").payload("datagram+surplus").udp_length(16).padding(3));

  EXPECT_EQ(difference(out.frame, udp("10.20.0.100:1024", "10.20.0.11:8000")
                                      .payload("datagram+surplus")
                                      .udp_length(16)
                                      .ttl(63)
                                      .from(kInsideMac)
                                      .to(backend_mac(11))),
            "");
}

TEST(ForwardNatOptions, Ipv4OptionsTravelOn) {
  Rig rig(only_first_backend);
  const Bytes router_alert = {0x94, 4, 0, 0};

  const Outcome out = rig.send(tcp(kClient4, "10.10.0.100:1935").syn().options(router_alert));

  EXPECT_EQ(difference(out.frame, tcp("10.20.0.100:1024", "10.20.0.11:1935")
                                      .syn()
                                      .options(router_alert)
                                      .ttl(63)
                                      .from(kInsideMac)
                                      .to(backend_mac(11))),
            "");
}

TEST(ForwardNatOptions, Ipv6ExtensionHeadersTravelOn) {
  Rig rig(only_first_backend);
  const Bytes padn = {0, 0, 1, 4, 0, 0, 0, 0};

  const Outcome out = rig.send(tcp(kClient6, "[2001:db8:10::100]:1935").syn().extension(60, padn).padding(2));

  EXPECT_EQ(difference(out.frame, tcp("[2001:db8:20::100]:1024", "[2001:db8:20::11]:1935")
                                      .syn()
                                      .extension(60, padn)
                                      .ttl(63)
                                      .from(kInsideMac)
                                      .to(backend_mac(11))),
            "");
}

}  // namespace
}  // namespace lb
