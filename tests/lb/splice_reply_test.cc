// SPDX-License-Identifier: MIT
// The server's side of a splice: what the client reads, and what outlives what.
#include <gtest/gtest.h>

#include "lb/mend.h"
#include "lb/splice.h"
#include "tests/lb/splice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

Bytes be(uint32_t n) {
  return {static_cast<uint8_t>(n >> 24), static_cast<uint8_t>(n >> 16), static_cast<uint8_t>(n >> 8),
          static_cast<uint8_t>(n)};
}
// odd  behind one padding byte rather than two, so that its words lie across the checksum's
Bytes sack(const std::vector<std::pair<uint32_t, uint32_t>>& blocks, bool odd = false) {
  Bytes out = odd ? Bytes{1} : Bytes{1, 1};
  out.push_back(5);
  out.push_back(static_cast<uint8_t>(2 + 8 * blocks.size()));
  for (const auto& [left, right] : blocks) out = out + be(left) + be(right);
  return out;
}
Bytes padded(Bytes options) {
  options.resize((options.size() + 3) / 4 * 4, 0);
  return options;
}

class SpliceReply : public testing::TestWithParam<SpliceWay> {
 protected:
  SpliceRig s_{GetParam()};
  const uint32_t base_ = s_.base(), length_ = s_.length();
};
INSTANTIATE_TEST_SUITE_P(Ways, SpliceReply, testing::ValuesIn(kSpliceWays),
                         [](const auto& way) { return way.param.name; });

TEST_P(SpliceReply, AnAckOfTheHeaderOrAPartOfItAcknowledgesNothing) {
  s_.open();
  s_.answer();
  s_.server_sees(s_.client());
  for (const uint32_t taken : {0U, 1U, length_ - 1, length_})
    EXPECT_EQ(s_.client_sees(s_.server().acknowledge(base_ + taken)).acknowledgement, base_) << taken;
}

TEST_P(SpliceReply, WhatLiesBehindItIsAcknowledgedLessItsLength) {
  s_.open();
  s_.answer();
  s_.server_sees(s_.client().payload("data"));
  EXPECT_EQ(s_.client_sees(s_.server().acknowledge(base_ + length_ + 4)).acknowledgement, base_ + 4);
  EXPECT_EQ(s_.client_sees(s_.server().acknowledge(base_ + length_ + 2)).acknowledgement, base_ + 2);
}

TEST_P(SpliceReply, TheServersOwnNumbersAndDataStay) {
  s_.establish();
  const SegmentSeen seen =
      s_.client_sees(s_.server().sequence(0xfffffff0).acknowledge(base_ + length_).payload("media"));
  EXPECT_EQ(seen.sequence, 0xfffffff0U);
  EXPECT_EQ(seen.payload, text("media"));
  EXPECT_EQ(seen.window, 64240);
}

TEST_P(SpliceReply, AResetWithoutAnAckStays) {
  s_.establish();
  EXPECT_EQ(s_.client_sees(s_.server().rst()).acknowledgement, 0U);
}

TEST_P(SpliceReply, ARefusalAcknowledgesTheSyn) {
  s_.open();
  const SegmentSeen refusal = s_.client_sees(s_.server().flags(tcp_flag::kRst | tcp_flag::kAck).window(0));
  EXPECT_EQ(refusal.acknowledgement, base_);
}

TEST_P(SpliceReply, ASynAckLeavesRoomForTheHeader) {
  s_.open();
  const Bytes mss = {2, 4, 1000 >> 8, 1000 & 0xff}, less = {2, 4, static_cast<uint8_t>((1000 - length_) >> 8),
                                                            static_cast<uint8_t>(1000 - length_)};
  const SegmentSeen seen = s_.client_sees(s_.server().syn_ack().tcp_options(mss).window(5000));
  EXPECT_EQ(seen.options, less);
  EXPECT_EQ(seen.window, 5000 - length_);
  EXPECT_EQ(seen.acknowledgement, base_);
}

TEST_P(SpliceReply, TheWindowLeavesRoomForTheRestOfTheHeader) {
  s_.open();
  const Bytes scale_by_16 = {3, 3, 4};
  s_.client_sees(s_.server().syn_ack().tcp_options(scale_by_16));
  const auto window = [&](uint32_t taken, uint16_t said) {
    return s_.client_sees(s_.server().acknowledge(base_ + taken).window(said)).window;
  };
  EXPECT_EQ(window(0, 100), 100 - (length_ + 15) / 16);
  EXPECT_EQ(window(length_ - 1, 100), 99);
  EXPECT_EQ(window(length_ - 17, 1), 0);
  EXPECT_EQ(window(length_, 100), 100);
  EXPECT_EQ(window(length_, 0), 0) << "a zero window is one";
}

// He would not take an ACK with data (RFC 9293 section 3.10.7.4), and the connection would never stand.
TEST_P(SpliceReply, AServerWithoutRoomIsEstablishedFirst) {
  s_.open();
  EXPECT_EQ(s_.client_sees(s_.server().syn_ack().window(10)).window, 0);

  const SegmentSeen ack = s_.server_sees(s_.client());
  EXPECT_TRUE(ack.payload.empty());
  EXPECT_EQ(ack.sequence, base_);
  EXPECT_EQ(s_.server_sees(s_.client().sequence(base_ - 1)).payload, s_.header())
      << "the probe of a zero window";
  EXPECT_EQ(s_.server_sees(s_.client().payload("p")).payload, s_.header() + text("p"))
      << "another kind of probe";
  s_.client_sees(s_.server().window(1000));
  EXPECT_EQ(s_.server_sees(s_.client()).payload, s_.header());
}

TEST_P(SpliceReply, SelectiveAcksAreLowered) {
  s_.establish();
  const uint32_t at = base_ + length_;
  for (const bool odd : {false, true}) {
    const auto options = [&](uint32_t less) {
      return sack({{at + 100 - less, at + 200 - less}, {at + 300 - less, at + 400 - less}}, odd);
    };
    const SegmentSeen seen = s_.client_sees(s_.server().acknowledge(at + 4).tcp_options(options(0)));
    EXPECT_EQ(seen.options, padded(options(length_)));
    EXPECT_EQ(seen.acknowledgement, base_ + 4);
  }
}

// RFC 2883: the server got the header twice, as it does when the client sends data at once.
TEST_P(SpliceReply, ADuplicateSelectiveAckOfTheHeaderIsTakenOut) {
  for (const bool young : {true, false}) {
    SpliceRig s(GetParam());
    young ? s.open(), s.answer() : s.establish();
    const uint32_t at = base_ + length_;
    const SegmentSeen alone = s.client_sees(s.server().acknowledge(at + 4).tcp_options(sack({{base_, at}})));
    EXPECT_EQ(alone.options, Bytes(12, 1));
    const SegmentSeen with_data =
        s.client_sees(s.server().acknowledge(at + 4).tcp_options(sack({{base_, at + 4}})));
    EXPECT_EQ(with_data.options, sack({{base_, base_ + 4}}));
    const SegmentSeen two =
        s.client_sees(s.server().acknowledge(at + 4).tcp_options(sack({{base_, at}, {at + 8, at + 9}})));
    EXPECT_EQ(two.options, sack({{base_ + 8, base_ + 9}}) + Bytes(8, 1));
  }
}

TEST_P(SpliceReply, ASelectiveAckBeforeTheHeaderCameIsLowered) {
  s_.open();
  s_.answer();
  const uint32_t at = base_ + length_;
  EXPECT_EQ(s_.client_sees(s_.server().tcp_options(sack({{at + 4, at + 8}}))).options,
            sack({{base_ + 4, base_ + 8}}));
  EXPECT_EQ(s_.client_sees(s_.server().tcp_options(sack({{base_ + 4, at + 8}}))).options,
            sack({{base_, base_ + 8}}));
}

TEST_P(SpliceReply, MalformedSelectiveAcksAreLeftAlone) {
  s_.establish();
  for (const Bytes& options :
       {Bytes{5, 9, 1, 2, 3, 4, 5, 6, 7, 1, 1, 1}, Bytes{5, 2, 1, 1}, Bytes{5, 40, 1, 1}, Bytes{5, 1, 1, 1},
        Bytes{0, 5, 10, 0, 0, 4, 0, 0, 0, 5, 0, 0}, Bytes{1, 1, 1, 5}}) {
    const SegmentSeen seen = s_.client_sees(s_.server().acknowledge(base_ + length_).tcp_options(options));
    EXPECT_EQ(seen.options, options);
  }
}

TEST_P(SpliceReply, ALateCopyOfTheSynAckForgetsNothing) {
  s_.establish();
  EXPECT_EQ(s_.client_sees(s_.server().syn_ack()).acknowledgement, base_);
  EXPECT_EQ(s_.server_sees(s_.client().payload("data")).payload, text("data"));
}

// Both ends lost the former connection, Cleat did not hear of it.
TEST_P(SpliceReply, AServerThatAnswersAnotherSynGetsTheHeaderAgain) {
  s_.establish();
  s_.server_sees(s_.client().sequence(77'000).syn());
  EXPECT_EQ(s_.client_sees(s_.server().syn_ack().acknowledge(77'001)).acknowledgement, 77'001U);
  EXPECT_EQ(s_.server_sees(s_.client().sequence(77'001).payload("data")).payload, s_.header() + text("data"));
}

TEST_P(SpliceReply, AFlowKeepsTheHeaderWhenTheServiceDropsIt) {
  s_.open();
  s_.answer();
  const auto turn = [&](bool on) {
    ASSERT_TRUE(
        s_.rig().reload([&](SnapshotSpec& spec) { service(spec, GetParam().service).proxy_protocol = on; }));
  };
  turn(false);
  EXPECT_EQ(s_.server_sees(s_.client().payload("data")).payload, s_.header() + text("data"));
  turn(true);
  turn(false);
  EXPECT_EQ(s_.client_sees(s_.server().acknowledge(base_ + length_ + 4)).acknowledgement, base_ + 4);
  EXPECT_EQ(s_.server_sees(s_.client().sequence(base_ + 4)).sequence, base_ + 4 + length_);
  const bool v4 = endpoint(GetParam().client).address.is_v4();
  const auto other = [&] { return tcp(v4 ? "198.51.100.8:40000" : "[2001:db8:c::8]:40000", GetParam().vip); };
  const Endpoint lip = s_.to_server(other().syn()).fields().source;
  s_.to_client(tcp(GetParam().server, lip.to_string()).to(kInsideMac).syn_ack().acknowledge(1001));
  EXPECT_EQ(s_.server_sees(other().sequence(1001).payload("data")).payload, text("data"));
}

TEST_P(SpliceReply, AFlowStaysWithoutAHeaderWhenTheServiceGetsOne) {
  const auto turn = [&](bool on) {
    ASSERT_TRUE(
        s_.rig().reload([&](SnapshotSpec& spec) { service(spec, GetParam().service).proxy_protocol = on; }));
  };
  turn(false);
  s_.open();
  s_.answer();
  turn(true);
  const SegmentSeen seen = s_.server_sees(s_.client().payload("data"));
  EXPECT_EQ(seen.payload, text("data"));
  EXPECT_EQ(s_.server_sees(s_.client().sequence(base_ + 4)).sequence, base_ + 4);
  EXPECT_EQ(s_.client_sees(s_.server().acknowledge(base_ + 4)).acknowledgement, base_ + 4);
}

// The mark of a listener is made again from its slots, for the configuration may have changed while nobody was there.
TEST_P(SpliceReply, AFlowIsKnownForSplicedAfterARestartWithoutTheOption) {
  const ListenerId listener = [&] {
    for (const Service& each : s_.rig().snapshot().services)
      if (each.vip == endpoint(GetParam().vip).address && each.protocol == Protocol::kTcp)
        return each.listener;
    return ListenerId{0};
  }();
  IdentityTable& listeners = s_.rig().segment().listeners();
  mend(s_.rig().segment(), s_.rig().now());
  EXPECT_FALSE(listeners.has_spliced(listener)) << "it has no flows";
  s_.establish();
  listeners.set_has_spliced(listener, false);
  mend(s_.rig().segment(), s_.rig().now());
  EXPECT_TRUE(listeners.has_spliced(listener));
}

// What a router says of a segment on its way to the server reaches the client with his own number.
TEST_P(SpliceReply, AQuotedSegmentHasTheNumberThatTheClientGaveIt) {
  s_.establish();
  const Outcome out = s_.to_server(s_.client().sequence(base_ + 10).payload("data"));
  const bool v4 = endpoint(GetParam().server).address.is_v4();
  const auto router = v4 ? "10.20.0.254" : "2001:db8:20::fe";
  for (const size_t quoted : {1000U, 8U}) {
    const size_t all = (v4 ? 20 : 40) + quoted;
    const Bytes quote(out.frame.begin() + 14,
                      out.frame.begin() + static_cast<ptrdiff_t>(std::min(out.frame.size(), 14 + all)));
    s_.rig().own_frames();
    s_.to_client(ping(router, s_.lip().address.to_string())
                     .icmp(v4 ? 3 : 1, v4 ? 1 : 0)
                     .icmp_rest(0)
                     .to(kInsideMac)
                     .payload(quote));
    const auto own = s_.rig().own_frames();
    ASSERT_EQ(own.size(), 1U);
    const FrameFields error = fields_of(own[0].second);
    EXPECT_TRUE(error.checksums_hold);
    const size_t at = (endpoint(GetParam().client).address.is_v4() ? 20 : 40) + 4;
    const Bytes number(error.payload.begin() + static_cast<ptrdiff_t>(at),
                       error.payload.begin() + static_cast<ptrdiff_t>(at) + 4);
    EXPECT_EQ(number, be(base_ + 10));
  }
}

// The client learns the path's MTU, but not that its first segment has a header in front.
TEST_P(SpliceReply, AfterTooBigTheHeaderGoesAheadOfTheData) {
  s_.open();
  s_.answer();
  const Outcome out = s_.to_server(s_.client().payload(Bytes(1000, 7)));
  const bool v4 = endpoint(GetParam().server).address.is_v4();
  s_.to_client(ping(v4 ? "10.20.0.254" : "2001:db8:20::fe", s_.lip().address.to_string())
                   .icmp(v4 ? 3 : 2, v4 ? 4 : 0)
                   .icmp_rest(1280)
                   .to(kInsideMac)
                   .payload(Bytes(out.frame.begin() + 14, out.frame.begin() + 200)));
  EXPECT_EQ(s_.server_sees(s_.client().payload(Bytes(1000, 7))).payload, s_.header());
  s_.client_sees(s_.server().acknowledge(base_ + length_));
  EXPECT_EQ(s_.server_sees(s_.client().payload(Bytes(1000, 7))).payload, Bytes(1000, 7));
}

TEST_P(SpliceReply, AQuoteOfTheHeaderIsOfTheStreamsBeginning) {
  NatSlot slot{};
  begin_splice(slot);
  EXPECT_EQ(client_sequence(slot, 5000, Family::kIpv4), 5000U) << "nothing is known yet";
  slot.splice_base_or_bytes_in = 5001;
  slot.splice_or_bytes_out = splice_flag::kSpliced | splice_flag::kBased;
  for (const auto& [quoted, wanted] :
       {std::pair(5000U, 5000U), {5001U, 5001U}, {5011U, 5001U}, {5029U, 5001U}, {5030U, 5002U}})
    EXPECT_EQ(client_sequence(slot, quoted, Family::kIpv4), wanted) << quoted;
  slot.splice_or_bytes_out |= splice_flag::kAcknowledged;
  EXPECT_EQ(client_sequence(slot, 5001U + 0x80000000U, Family::kIpv4), 5001U + 0x80000000U - 28);
}

}  // namespace
}  // namespace lb
