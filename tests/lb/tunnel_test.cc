// SPDX-License-Identifier: MIT
// ipip and gue: the client's packet arrives inside another one, whole, and what does not fit is answered.
#include "lb/tunnel.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

struct Way {
  const char* name;
  Forward forward;
  const char *client, *vip, *service, *pool, *lip;
};
// Inner family in outer family.
const Way kWays[] = {
    {"Ipip4in4", Forward::kIpip, "198.51.100.7:40000", "10.10.0.100:8000", "rtc", "srs", "10.20.0.100"},
    {"Ipip6in4", Forward::kIpip, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000", "rtc6", "srs",
     "10.20.0.100"},
    {"Ipip4in6", Forward::kIpip, "198.51.100.7:40000", "10.10.0.100:8000", "rtc", "srs6", "2001:db8:20::100"},
    {"Ipip6in6", Forward::kIpip, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000", "rtc6", "srs6",
     "2001:db8:20::100"},
    {"Gue4in4", Forward::kGue, "198.51.100.7:40000", "10.10.0.100:8000", "rtc", "srs", "10.20.0.100"},
    {"Gue6in4", Forward::kGue, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000", "rtc6", "srs",
     "10.20.0.100"},
    {"Gue4in6", Forward::kGue, "198.51.100.7:40000", "10.10.0.100:8000", "rtc", "srs6", "2001:db8:20::100"},
    {"Gue6in6", Forward::kGue, "[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000", "rtc6", "srs6",
     "2001:db8:20::100"},
};

class Tunnel : public testing::TestWithParam<Way> {
 protected:
  static bool outer_v4() { return std::string_view(GetParam().name).ends_with("in4"); }
  static bool inner_v4() { return std::string_view(GetParam().name).find("4in") != std::string_view::npos; }
  static bool gue() { return GetParam().forward == Forward::kGue; }
  static unsigned overhead() {
    return tunnel_bytes(GetParam().forward, outer_v4() ? Family::kIpv4 : Family::kIpv6);
  }
  static FrameBuilder from_client(const char* client = nullptr) {
    return udp(client != nullptr ? client : GetParam().client, GetParam().vip);
  }
  static Bytes inner_of(const Bytes& frame) { return {frame.begin() + 14 + overhead(), frame.end()}; }
  static Bytes packet_of(const Bytes& frame) { return {frame.begin() + 14, frame.end()}; }

  // A client's IP packet of `bytes` in all.
  static Bytes of_size(size_t bytes) {
    return from_client().payload(Bytes(bytes - (inner_v4() ? 28 : 48), 7));
  }
  // What a router would say of the outer packet in `frame`.
  FrameBuilder too_big(const Bytes& frame, uint32_t mtu) {
    const Bytes packet = packet_of(frame);
    return ping(outer_v4() ? "10.20.0.254" : "2001:db8:20::fe", GetParam().lip)
        .icmp(outer_v4() ? 3 : 2, outer_v4() ? 4 : 0)
        .icmp_rest(mtu)
        .to(kInsideMac)
        .payload(Bytes(packet.begin(), packet.begin() + (outer_v4() ? 28 : 48)));
  }

  Rig rig_{[](SnapshotSpec& spec) {
    ServiceSpec& each = service(spec, GetParam().service);
    each.forward = GetParam().forward;
    each.pool = GetParam().pool;
    pool(spec, GetParam().pool).backends.resize(1);
  }};
  void SetUp() override { rig_.headroom = kMostTunnelBytes; }
};
INSTANTIATE_TEST_SUITE_P(Ways, Tunnel, testing::ValuesIn(kWays),
                         [](const auto& way) { return way.param.name; });

TEST_P(Tunnel, TheClientsPacketIsInsideWholeButForItsTtl) {
  const Outcome out = rig_.send(from_client().payload("media").ttl(57).padding(9));

  ASSERT_EQ(out.action, Action::kTx) << out;
  EXPECT_EQ(out.port, kInside);
  EXPECT_EQ(difference(inner_of(out.frame), packet_of(from_client().payload("media").ttl(56))), "");
  const FrameFields outer = out.fields();
  EXPECT_EQ(outer.source.address, ip(GetParam().lip));
  EXPECT_EQ(outer.destination.address, ip(outer_v4() ? "10.20.0.11" : "2001:db8:20::11"));
  EXPECT_EQ(outer.protocol, gue() ? 17 : inner_v4() ? 4 : 41);
  EXPECT_EQ(outer.ttl, 64);
  EXPECT_EQ(outer.destination_mac, backend_mac(11));
  EXPECT_EQ(outer.source_mac, kInsideMac);
  if (outer_v4()) {
    EXPECT_EQ(naive_checksum({out.frame.begin() + 14, out.frame.begin() + 34}), 0);
  }
  if (!gue()) return;
  EXPECT_TRUE(outer.checksums_hold);
  EXPECT_EQ(outer.destination.port, 6080);
  EXPECT_GE(outer.source.port, 49152);
  EXPECT_EQ(outer.l4_checksum == 0, outer_v4());
}

TEST_P(Tunnel, FlowsDifferOutsideAndEachKeepsItsPort) {
  if (!gue()) return;
  std::set<uint16_t> ports;
  for (int n = 0; n < 40; ++n) {
    const std::string client =
        (inner_v4() ? "198.51.100.7:" : "[2001:db8:c::7]:") + std::to_string(40000 + n);
    const uint16_t port = rig_.send(from_client(client.c_str())).fields().source.port;
    EXPECT_EQ(rig_.send(from_client(client.c_str())).fields().source.port, port);
    ports.insert(port);
  }
  EXPECT_GT(ports.size(), 30U);
}

TEST_P(Tunnel, DscpAndEcnStandOutsideToo) {
  Bytes frame = from_client().payload("media");
  constexpr uint8_t kExpeditedAndCe = 0xb8 | 3;
  if (inner_v4()) {
    frame[15] = kExpeditedAndCe;
    frame[24] = frame[25] = 0;
    const uint16_t sum = naive_checksum({frame.begin() + 14, frame.begin() + 34});
    frame[24] = static_cast<uint8_t>(sum >> 8), frame[25] = static_cast<uint8_t>(sum);
  } else {
    frame[14] = 0x60 | kExpeditedAndCe >> 4;
    frame[15] = static_cast<uint8_t>(kExpeditedAndCe << 4);
  }
  const Outcome out = rig_.send(frame);
  ASSERT_EQ(out.action, Action::kTx) << out;
  const uint8_t outer =
      outer_v4() ? out.frame[15] : static_cast<uint8_t>(out.frame[14] << 4 | out.frame[15] >> 4);
  EXPECT_EQ(outer, kExpeditedAndCe);
}

TEST_P(Tunnel, WhatDoesNotFitIsAnsweredWithWhatWould) {
  EXPECT_EQ(to_string(rig_.send(of_size(1500 - overhead()))), "tx");
  EXPECT_EQ(to_string(rig_.send(of_size(1501 - overhead()))), "drop too_big");
  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 1U);
  const FrameFields told = fields_of(own[0].second);
  EXPECT_EQ(told.destination.address, endpoint(GetParam().client).address);
  EXPECT_EQ(told.source.address, endpoint(GetParam().vip).address);
  const size_t mtu_at = inner_v4() ? 40 : 60;
  EXPECT_EQ(own[0].second[mtu_at] << 8 | own[0].second[mtu_at + 1], 1500 - overhead());
}

TEST_P(Tunnel, ARouterWithLessOnTheWayIsRememberedAndForgotten) {
  const Outcome whole = rig_.send(of_size(1400));
  ASSERT_EQ(whole.action, Action::kTx) << whole;
  EXPECT_EQ(to_string(rig_.send(too_big(whole.frame, 1400), kInside)), "consumed");
  EXPECT_EQ(to_string(rig_.send(of_size(1400))), "drop too_big");
  EXPECT_EQ(to_string(rig_.send(of_size(1400 - overhead()))), "tx");
  rig_.jump_ms(601'000);
  EXPECT_EQ(to_string(rig_.send(of_size(1400))), "tx");
  rig_.jump_ms(uint64_t{65536} * kTickMs - 601'000);
  EXPECT_EQ(to_string(rig_.send(of_size(1400))), "tx") << "when ticks have come round";
}

TEST_P(Tunnel, NobodyMakesAPathSmallerThanAPathCanBe) {
  const Outcome whole = rig_.send(of_size(1000));
  rig_.send(too_big(whole.frame, 68), kInside);
  const unsigned least = outer_v4() ? 552 : 1280;
  EXPECT_EQ(to_string(rig_.send(of_size(least - overhead()))), "tx");
  EXPECT_EQ(to_string(rig_.send(of_size(least - overhead() + 1))), "drop too_big");
}

// Zero would mean that there is none (RFC 768). The inner checksum stands still, or the sum would.
TEST_P(Tunnel, AnOuterChecksumThatComesOutAsZeroIsSentAsOnes) {
  if (!gue() || outer_v4()) return;
  const auto with = [](uint16_t word) {
    return from_client().l4_checksum(0x1234).payload(
        Bytes{static_cast<uint8_t>(word >> 8), static_cast<uint8_t>(word)});
  };
  const uint16_t missing = rig_.send(with(0)).fields().l4_checksum;
  EXPECT_EQ(rig_.send(with(missing)).fields().l4_checksum, 0xffff);
}

// Its flows outlive the config, the address that their tunnel begins at does not.
TEST_P(Tunnel, AServerOfAFamilyThatHasNoLipAnyMoreIsOutOfReach) {
  EXPECT_EQ(to_string(rig_.send(from_client())), "tx");
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) {
    const char* const other = outer_v4() ? "srs6" : "srs";
    for (ServiceSpec& each : spec.services) {
      if (each.name != GetParam().service) each.forward = Forward::kDsr;
      each.pool = each.vip.is_v4() ? "srs" : "srs6";
      if (each.name == GetParam().service) each.pool = other;
    }
    spec.lips = {ip(outer_v4() ? "2001:db8:20::100" : "10.20.0.100")};
  })) << rig_.error();
  EXPECT_EQ(to_string(rig_.send(from_client())), "drop no_route");
}

TEST_P(Tunnel, WithoutRoomBeforeTheFrameItIsDroppedByName) {
  rig_.headroom = static_cast<uint16_t>(overhead() - 1);
  EXPECT_EQ(to_string(rig_.send(from_client())), "drop no_headroom");
}

}  // namespace
}  // namespace lb
