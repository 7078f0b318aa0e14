// SPDX-License-Identifier: MIT
// nat between families: a v6 VIP before v4 servers, and the reverse.
#include "lb/translate.h"

#include <gtest/gtest.h>

#include "lb/ip_header.h"
#include "tests/lb/ice_rig.h"
#include "tests/lb/translate_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

class Translate : public TranslateTest {};
INSTANTIATE_TEST_SUITE_P(Tcp, Translate, testing::ValuesIn(kTcpWays), kNameOfWay);
INSTANTIATE_TEST_SUITE_P(Udp, Translate, testing::ValuesIn(kUdpWays), kNameOfWay);

TEST_P(Translate, TheServerGetsAPacketOfItsFamily) {
  const Outcome out = rig_.send(from_client().payload("odd").ttl(57).padding(9));
  FrameBuilder wanted = to_server().payload("odd").ttl(56);
  if (to_v4()) wanted.identification(2);
  EXPECT_EQ(difference(out.frame, wanted), "");
  EXPECT_EQ(out.port, kInside);
}

TEST_P(Translate, TheClientGetsAPacketOfHis) {
  const Outcome out = rig_.send(from_server().syn_ack().payload("media!").ttl(9), kInside);
  ASSERT_EQ(out.action, Action::kTx) << out;
  FrameBuilder wanted = to_client().syn_ack().payload("media!").ttl(8);
  if (!to_v4()) wanted.identification(1);
  EXPECT_EQ(difference(out.frame, wanted), "");
}

TEST_P(Translate, DscpAndEcnGoAlong) {
  Bytes frame = from_server().payload("media");
  constexpr uint8_t kExpeditedAndCe = 0xb8 | 3;
  if (to_v4()) {
    frame[15] = kExpeditedAndCe;
    frame[24] = frame[25] = 0;
    const uint16_t sum = naive_checksum({frame.begin() + 14, frame.begin() + 34});
    frame[24] = static_cast<uint8_t>(sum >> 8), frame[25] = static_cast<uint8_t>(sum);
  } else {
    frame[14] = 0x60 | kExpeditedAndCe >> 4;
    frame[15] = static_cast<uint8_t>(kExpeditedAndCe << 4);
  }
  const Outcome out = rig_.send(frame, kInside);
  ASSERT_EQ(out.action, Action::kTx) << out;
  EXPECT_EQ(to_v4() ? static_cast<uint8_t>(out.frame[14] << 4 | out.frame[15] >> 4) : out.frame[15],
            kExpeditedAndCe);
}

TEST_P(Translate, WhatGrowsTooLargeIsAnsweredWithWhatFits) {
  const bool is_tcp = std::string_view(GetParam().name).starts_with("Tcp");
  const size_t l4 = is_tcp ? 20 : 8;
  // A whole IPv4 packet of 1500 bytes has 1520 in IPv6.
  const auto v4_side = [&](size_t bytes) {
    return (to_v4() ? from_server() : from_client()).payload(Bytes(bytes - 20 - l4, 7));
  };
  const PortIndex in = to_v4() ? kInside : kOutside;
  rig_.own_frames();
  EXPECT_EQ(to_string(rig_.send(v4_side(1480), in)), "tx");
  EXPECT_EQ(to_string(rig_.send(v4_side(1481), in)), "drop too_big");
  const auto own = rig_.own_frames();
  ASSERT_EQ(own.size(), 1U);
  EXPECT_EQ(own[0].second[34], 3) << "destination unreachable";
  EXPECT_EQ(own[0].second[40] << 8 | own[0].second[41], 1480);
}

// RFC 7915 sections 4.2 and 5.2, and the quoted packet as its sender wrote it.
TEST_P(Translate, AnIcmpErrorOfTheServersSideReachesTheClientInHisFamily) {
  const Outcome there = rig_.send(from_client().payload("are you there?"));
  const Bytes quoted(there.frame.begin() + 14, there.frame.end());
  const auto error = [&](uint8_t type, uint8_t code, uint32_t rest) {
    rig_.send(ping(endpoint(GetParam().server).address.to_string(), GetParam().lip)
                  .icmp(type, code)
                  .icmp_rest(rest)
                  .to(kInsideMac)
                  .payload(quoted),
              kInside);
    const auto own = rig_.own_frames();
    return own.size() == 1 ? own[0].second : Bytes{};
  };
  FrameBuilder as_sent = from_client().own().payload("are you there?").ttl(63);
  if (!to_v4()) as_sent.fragment(0x4000);
  const Bytes whole = as_sent;
  const auto wanted = [&](uint8_t type, uint8_t code, uint32_t rest) {
    return ping(endpoint(GetParam().vip).address.to_string(), endpoint(GetParam().client).address.to_string())
        .own()
        .icmp(type, code)
        .icmp_rest(rest)
        .from(kOutsideMac)
        .to(kGatewayMac)
        .payload(Bytes(whole.begin() + 14, whole.end()));
  };
  if (to_v4()) {
    EXPECT_EQ(difference(error(3, 3, 0), wanted(1, 4, 0)), "") << "port unreachable";
    EXPECT_EQ(difference(error(3, 1, 0), wanted(1, 0, 0)), "") << "host unreachable";
    EXPECT_EQ(difference(error(3, 13, 0), wanted(1, 1, 0)), "") << "prohibited";
    EXPECT_EQ(difference(error(3, 4, 1400), wanted(2, 0, 1420)), "") << "too big";
    EXPECT_EQ(difference(error(3, 4, 576), wanted(2, 0, 1280)), "") << "less than IPv6 has";
    EXPECT_EQ(difference(error(11, 0, 0), wanted(3, 0, 0)), "") << "time exceeded";
    EXPECT_EQ(difference(error(3, 2, 0), wanted(4, 1, 6)), "") << "protocol unreachable";
    EXPECT_TRUE(error(12, 0, 0).empty());
  } else {
    EXPECT_EQ(difference(error(1, 4, 0), wanted(3, 3, 0)), "") << "port unreachable";
    EXPECT_EQ(difference(error(1, 0, 0), wanted(3, 1, 0)), "") << "no route";
    EXPECT_EQ(difference(error(1, 1, 0), wanted(3, 10, 0)), "") << "prohibited";
    EXPECT_EQ(difference(error(2, 0, 1400), wanted(3, 4, 1380)), "") << "too big";
    EXPECT_EQ(difference(error(3, 0, 0), wanted(11, 0, 0)), "") << "time exceeded";
    EXPECT_EQ(difference(error(4, 1, 6), wanted(3, 2, 0)), "") << "unknown next header";
    EXPECT_TRUE(error(4, 0, 0).empty());
  }
}

TEST(TranslateUdp, ADatagramWithoutAChecksumGetsOneOnIpv6) {
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtc").pool = "srs6"; });
  rig.headroom = kMostTranslatedGrowth;
  const Outcome out =
      rig.send(udp("198.51.100.7:40000", "10.10.0.100:8000").payload("no checksum").l4_checksum(0));
  ASSERT_EQ(out.action, Action::kTx) << out;
  EXPECT_NE(out.fields().l4_checksum, 0);
  EXPECT_TRUE(out.fields().checksums_hold);
}

TEST(TranslateUdp, WithoutRoomBeforeTheFrameItIsDroppedByName) {
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtc").pool = "srs6"; });
  rig.headroom = kMostTranslatedGrowth - 1;
  EXPECT_EQ(to_string(rig.send(udp("198.51.100.7:40000", "10.10.0.100:8000"))), "drop no_headroom");
}

TEST(TranslateHeaders, OptionsAndExtensionHeadersStayBehind) {
  Rig rig([](SnapshotSpec& spec) {
    service(spec, "rtc").pool = "srs6";
    service(spec, "rtc6").pool = "srs";
  });
  rig.headroom = kMostTranslatedGrowth;
  const Outcome up =
      rig.send(udp("198.51.100.7:40000", "10.10.0.100:8000").options({0x94, 4, 0, 0}).payload("x"));
  ASSERT_EQ(up.action, Action::kTx) << up;
  EXPECT_EQ(up.frame.size(), 14U + 40 + 8 + 1);
  EXPECT_TRUE(up.fields().checksums_hold);
  const Outcome down =
      rig.send(udp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000").extension(60, Bytes(8)).payload("x"));
  ASSERT_EQ(down.action, Action::kTx) << down;
  EXPECT_EQ(down.frame.size(), 14U + 20 + 8 + 1);
  EXPECT_TRUE(down.fields().checksums_hold);
}

TEST(TranslateHeaders, AFrameHasNoMacAddressesUntilItsNextHopIsKnown) {
  Bytes room(100, 0xff);
  Frame frame{room.data() + 50, 50, 50, 0};
  begin_frame_at(frame, room.data() + 40, Family::kIpv6);
  Bytes wanted(14);
  wanted[12] = 0x86;
  wanted[13] = 0xdd;
  EXPECT_EQ(Bytes(frame.data, frame.data + 14), wanted);
  EXPECT_EQ(frame.length, 74);
  EXPECT_EQ(frame.headroom, 26);
}

// A phone leaves Wi-Fi, which has IPv4, for a network that has IPv6 only: one pool behind a VIP of each.
TEST(TranslateSession, AWebRtcSessionThatMovesFromIpv4ToIpv6KeepsItsServerAndItsSlot) {
  IceRig rig([](SnapshotSpec& spec) {
    ServiceSpec six = service(spec, "rtc");
    six.name = "rtc-six";
    six.vip = ip("2001:db8:10::101");
    spec.services.push_back(six);
  });
  rig.headroom = kMostTranslatedGrowth;
  constexpr const char *kWifi = "198.51.100.7:40000", *kLte = "[2001:db8:c::7]:50000",
                       *kVip6 = "[2001:db8:10::101]:8000";
  constexpr const char* kPassword = "the-password-of-the-browser-0123";
  rig.learn(12, kServerPassword, kName, kPassword);
  const Outcome first = rig.from(kWifi, check({.password = kServerPassword}));
  rig.reply_to(first, success(1));
  rig.own_frames();

  const Outcome moved = rig.send(
      udp(kLte, kVip6).payload(check({.password = kServerPassword, .nominates = true, .number = 2})));
  ASSERT_EQ(moved.action, Action::kTx) << moved;
  EXPECT_EQ(moved.fields().source, first.fields().source);
  EXPECT_EQ(moved.fields().destination, first.fields().destination);
  const Outcome answer = rig.reply_to(first, success(2));
  EXPECT_EQ(answer.fields().source, endpoint(kVip6));
  EXPECT_EQ(answer.fields().destination, endpoint(kLte));

  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 1U) << "a challenge";
  const FrameFields challenge = fields_of(own[0].second);
  EXPECT_EQ(challenge.source, endpoint(kVip6));
  rig.send(udp(kLte, kVip6).payload(Challenge{challenge.destination, challenge.payload}.answer(kPassword)));
  const Outcome media = rig.reply_to(first, rtp());
  EXPECT_EQ(media.fields().source, endpoint(kVip6));
  EXPECT_EQ(media.fields().destination, endpoint(kLte));
}

}  // namespace
}  // namespace lb
