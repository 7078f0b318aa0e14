// SPDX-License-Identifier: MIT
// ICMP errors follow the flow that they speak of, and nothing else does.
#include "lb/icmp_relay.h"

#include <gtest/gtest.h>

#include "lb/icmp_quote.h"
#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

struct Way {
  const char* name;
  FrameBuilder (*frame)(std::string_view, std::string_view);
  const char *client, *client_address, *vip, *vip_address, *server_router, *client_router;
};

const Way kWays[] = {
    {"Tcp4", tcp, "198.51.100.7:40000", "198.51.100.7", "10.10.0.100:1935", "10.10.0.100", "10.20.0.254",
     "192.0.2.1"},
    {"Udp4", udp, "198.51.100.7:40000", "198.51.100.7", "10.10.0.100:8000", "10.10.0.100", "10.20.0.254",
     "192.0.2.1"},
    {"Tcp6", tcp, "[2001:db8:c::7]:40000", "2001:db8:c::7", "[2001:db8:10::100]:1935", "2001:db8:10::100",
     "2001:db8:20::fe", "2001:db8:2::1"},
    {"Udp6", udp, "[2001:db8:c::7]:40000", "2001:db8:c::7", "[2001:db8:10::100]:8000", "2001:db8:10::100",
     "2001:db8:20::fe", "2001:db8:2::1"},
};

// The IP packet in a frame, or its first bytes.
Bytes quote_of(const Bytes& frame, size_t bytes = 10'000) {
  return {frame.begin() + 14, frame.begin() + static_cast<ptrdiff_t>(std::min(frame.size(), 14 + bytes))};
}
size_t ip_header(const Bytes& frame) { return frame[12] == 8 ? 20 : 40; }

class IcmpRelay : public testing::TestWithParam<Way> {
 protected:
  static bool v4() { return std::string_view(GetParam().name).ends_with('4'); }
  static FrameBuilder from_client() { return GetParam().frame(GetParam().client, GetParam().vip); }
  static FrameBuilder unreachable(const std::string& from, const std::string& to) {
    return ping(from, to).icmp(v4() ? 3 : 1, v4() ? 3 : 4).icmp_rest(0);
  }
  static FrameBuilder too_big(const std::string& from, const std::string& to) {
    return ping(from, to).icmp(v4() ? 3 : 2, v4() ? 4 : 0).icmp_rest(1400);
  }
  void SetUp() override {
    forwarded_ = rig_.send(from_client().syn().payload("a client's own words"));
    ASSERT_EQ(forwarded_.action, Action::kTx);
    lip_ = forwarded_.fields().source;
    backend_ = forwarded_.fields().destination;
    rig_.own_frames();
  }
  // The one frame of Cleat's own, sent on `port`.
  Bytes relayed(PortIndex port) {
    const auto own = rig_.own_frames();
    EXPECT_EQ(own.size(), 1U);
    if (own.size() != 1) return {};
    EXPECT_EQ(own[0].first, port);
    return own[0].second;
  }

  Rig rig_;
  Outcome forwarded_;
  Endpoint lip_, backend_;
};
INSTANTIATE_TEST_SUITE_P(Ways, IcmpRelay, testing::ValuesIn(kWays),
                         [](const auto& way) { return way.param.name; });

TEST_P(IcmpRelay, AServersRefusalReachesTheClientAsTheVipsAboutWhatTheClientSent) {
  const Outcome out = rig_.send(unreachable(backend_.address.to_string(), lip_.address.to_string())
                                    .from(forwarded_.fields().destination_mac)
                                    .to(kInsideMac)
                                    .payload(quote_of(forwarded_.frame)),
                                kInside);

  EXPECT_EQ(to_string(out), "consumed");
  const Bytes as_the_client_sent_it = quote_of(from_client().syn().payload("a client's own words").ttl(63));
  EXPECT_EQ(difference(relayed(kOutside), unreachable(GetParam().vip_address, GetParam().client_address)
                                              .from(kOutsideMac)
                                              .to(kGatewayMac)
                                              .own()
                                              .payload(as_the_client_sent_it)),
            "");
  EXPECT_EQ(rig_.counters().icmp_relayed.get(), 1U);
}

TEST_P(IcmpRelay, EightBytesOfTheQuotedSegmentAreEnough) {
  const size_t quoted = ip_header(forwarded_.frame) + 8;
  rig_.send(too_big(GetParam().server_router, lip_.address.to_string())
                .to(kInsideMac)
                .payload(quote_of(forwarded_.frame, quoted)),
            kInside);

  const Bytes as_the_client_sent_it =
      quote_of(from_client().syn().payload("a client's own words").ttl(63), quoted);
  EXPECT_EQ(difference(relayed(kOutside), too_big(GetParam().vip_address, GetParam().client_address)
                                              .from(kOutsideMac)
                                              .to(kGatewayMac)
                                              .own()
                                              .payload(as_the_client_sent_it)),
            "");
}

TEST_P(IcmpRelay, ARoutersWordOnAPacketToTheClientReachesTheServer) {
  const auto reply = [&] {
    return GetParam().frame(backend_.to_string(), lip_.to_string()).syn_ack().payload("media");
  };
  const Outcome back = rig_.send(reply().to(kInsideMac), kInside);
  ASSERT_EQ(back.action, Action::kTx) << back;
  rig_.send(too_big(GetParam().client_router, GetParam().vip_address).payload(quote_of(back.frame)));

  const Bytes frame = relayed(kInside);
  EXPECT_EQ(difference(frame, too_big(lip_.address.to_string(), backend_.address.to_string())
                                  .from(kInsideMac)
                                  .to(forwarded_.fields().destination_mac)
                                  .own()
                                  .payload(quote_of(reply().ttl(63)))),
            "");
}

TEST_P(IcmpRelay, WhatSpeaksOfNoFlowIsDroppedByName) {
  const std::string lip = lip_.address.to_string();
  const auto about = [&](const Bytes& frame) {
    return rig_.send(unreachable(GetParam().server_router, lip).to(kInsideMac).payload(quote_of(frame)),
                     kInside);
  };
  const auto quoted = [&](const Endpoint& from, const Endpoint& to) {
    return GetParam().frame(from.to_string(), to.to_string()).bytes();
  };
  EXPECT_EQ(to_string(about(quoted({lip_.address, 2000}, backend_))), "drop icmp_no_flow");
  EXPECT_EQ(to_string(about(quoted({lip_.address, 80}, backend_))), "drop icmp_no_flow");
  EXPECT_EQ(to_string(about(quoted(lip_, {backend_.address, 9}))), "drop icmp_no_flow")
      << "not the backend's port";
  EXPECT_EQ(to_string(about(quoted(backend_, lip_))), "drop icmp_no_flow") << "no packet of Cleat's";
  const Bytes to_a_stranger =
      quoted(endpoint(GetParam().vip), endpoint(v4() ? "192.0.2.9:9" : "[2001:db8:9::9]:9"));
  EXPECT_EQ(
      to_string(rig_.send(
          unreachable(GetParam().client_router, GetParam().vip_address).payload(quote_of(to_a_stranger)))),
      "drop icmp_no_flow");
  EXPECT_TRUE(rig_.own_frames().empty());
}

TEST_P(IcmpRelay, AWrongChecksumOrACutQuoteIsDroppedByName) {
  const auto error = [&] {
    return unreachable(GetParam().server_router, lip_.address.to_string()).to(kInsideMac);
  };
  EXPECT_EQ(to_string(rig_.send(error().payload(quote_of(forwarded_.frame)).l4_checksum(0x1234), kInside)),
            "drop bad_icmp");
  for (size_t bytes = 0; bytes < ip_header(forwarded_.frame) + 8; ++bytes)
    EXPECT_EQ(to_string(rig_.send(error().payload(quote_of(forwarded_.frame, bytes)), kInside)),
              "drop bad_icmp");
}

TEST_P(IcmpRelay, AFloodIsCutShort) {
  const Bytes error = unreachable(backend_.address.to_string(), lip_.address.to_string())
                          .to(kInsideMac)
                          .payload(quote_of(forwarded_.frame));
  for (int i = 0; i < 5000; ++i) {
    rig_.send(error, kInside);
    rig_.own_frames();
  }
  EXPECT_EQ(rig_.counters().icmp_relayed.get(), 1000U);
  EXPECT_EQ(rig_.drops(DropReason::kIcmpLimited), 4000U);
}

// The server wrote the quoted packet itself: it gets the error as it is.
TEST_P(IcmpRelay, InDsrTheErrorItselfGoesToTheFlowsServer) {
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) {
    for (ServiceSpec& each : spec.services) each.forward = Forward::kDsr;
  }));
  rig_.wait_s(1);
  const std::string client = v4() ? "198.51.100.8:40001" : "[2001:db8:c::8]:40001";
  const Outcome there = rig_.send(GetParam().frame(client, GetParam().vip));
  ASSERT_EQ(there.action, Action::kTx) << there;
  const Bytes quoted = quote_of(GetParam().frame(GetParam().vip, client).payload("the server's answer"));
  const auto error = [&] {
    return too_big(GetParam().client_router, GetParam().vip_address).payload(quoted);
  };

  const Outcome out = rig_.send(error());

  EXPECT_EQ(to_string(out), "tx");
  EXPECT_EQ(difference(out.frame, error().ttl(63).from(kInsideMac).to(there.fields().destination_mac)), "");
}

// A client speaks of a packet to himself and says that it had headers without end: what is passed on has room for few.
TEST(IcmpRelayOptions, AQuoteWithMoreHeadersThanArePassedOnIsDropped) {
  Rig rig;
  constexpr const char *kClient = "[2001:db8:c::7]:40000", *kVip = "[2001:db8:10::100]:8000";
  ASSERT_EQ(rig.send(udp(kClient, kVip)).action, Action::kTx);
  const auto error = [&](size_t units) {
    Bytes options(8 * units);
    options[1] = static_cast<uint8_t>(units - 1);
    const Bytes quoted = udp(kVip, kClient).extension(60, options).payload(Bytes(20));
    return rig.send(ping("2001:db8:2::1", "2001:db8:10::100")
                        .icmp(2, 0)
                        .icmp_rest(1400)
                        .payload(Bytes(quoted.begin() + 14, quoted.end())));
  };
  for (const size_t units : {160, 150, 100, 28}) EXPECT_EQ(to_string(error(units)), "drop bad_icmp") << units;
  EXPECT_TRUE(rig.own_frames().empty());
  EXPECT_EQ(to_string(error(27)), "consumed");
  EXPECT_EQ(rig.own_frames().size(), 1U);
}

// GUE's port is any other one's, too.
TEST(IcmpRelayPorts, AnErrorAboutANatFlowToPort6080IsThatFlows) {
  Rig rig(
      [](SnapshotSpec& spec) { service(spec, "rtc").port_first = service(spec, "rtc").port_last = 6080; });
  const Outcome out = rig.send(udp("198.51.100.7:40000", "10.10.0.100:6080").payload("x"));
  ASSERT_EQ(out.action, Action::kTx) << out;
  rig.send(ping("10.20.0.254", out.fields().source.address.to_string())
               .icmp(3, 4)
               .icmp_rest(1400)
               .to(kInsideMac)
               .payload(quote_of(out.frame)),
           kInside);
  EXPECT_EQ(rig.counters().icmp_relayed.get(), 1U);
}

TEST(IcmpRelayOptions, QuotedOptionsAndExtensionHeadersAreSteppedOver) {
  Rig rig;
  const Bytes router_alert = {0x94, 4, 0, 0};
  const Outcome out =
      rig.send(udp("198.51.100.7:40000", "10.10.0.100:8000").options(router_alert).payload("x"));
  ASSERT_EQ(out.action, Action::kTx) << out;
  const Endpoint lip = out.fields().source;
  rig.send(ping("10.20.0.254", lip.address.to_string())
               .icmp(3, 1)
               .icmp_rest(0)
               .to(kInsideMac)
               .payload(quote_of(out.frame)),
           kInside);
  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U);
  const Bytes as_sent =
      quote_of(udp("198.51.100.7:40000", "10.10.0.100:8000").options(router_alert).payload("x").ttl(63));
  EXPECT_EQ(difference(own[0].second, ping("10.10.0.100", "198.51.100.7")
                                          .icmp(3, 1)
                                          .icmp_rest(0)
                                          .from(kOutsideMac)
                                          .to(kGatewayMac)
                                          .own()
                                          .payload(as_sent)),
            "");
}

}  // namespace
}  // namespace lb
