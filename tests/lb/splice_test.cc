// SPDX-License-Identifier: MIT
// The client's side of a splice: where the header goes, and what comes after it.
#include "lb/splice.h"

#include <gtest/gtest.h>

#include "tests/lb/pieces.h"
#include "tests/lb/splice_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

class SpliceTest : public testing::TestWithParam<SpliceWay> {
 protected:
  SpliceRig s_{GetParam()};
  const uint32_t base_ = s_.base(), length_ = s_.length();
};
INSTANTIATE_TEST_SUITE_P(Ways, SpliceTest, testing::ValuesIn(kSpliceWays),
                         [](const auto& way) { return way.param.name; });

TEST_P(SpliceTest, TheHandshakesAckCarriesTheHeader) {
  s_.open();
  s_.answer();

  const SegmentSeen ack = s_.server_sees(s_.client());

  EXPECT_EQ(ack.payload, s_.header());
  EXPECT_EQ(ack.sequence, base_);
  EXPECT_EQ(ack.acknowledgement, 77U);
  EXPECT_EQ(ack.flags, tcp_flag::kAck | kPush);
}

TEST_P(SpliceTest, DataThatOvertakesTheHandshakesAckCarriesItToo) {
  s_.open();
  s_.answer();

  const SegmentSeen later = s_.server_sees(s_.client().sequence(base_ + 4).payload("more"));
  const SegmentSeen first = s_.server_sees(s_.client().payload("data"));
  const SegmentSeen ack = s_.server_sees(s_.client());

  EXPECT_EQ(later.sequence, base_ + 4 + length_);
  EXPECT_EQ(later.payload, text("more"));
  EXPECT_EQ(first.sequence, base_);
  EXPECT_EQ(first.payload, s_.header() + text("data"));
  EXPECT_EQ(ack.payload, s_.header());
}

TEST_P(SpliceTest, ARetransmissionCarriesTheHeaderUntilTheServerHasAcknowledgedIt) {
  s_.open();
  s_.answer();
  s_.server_sees(s_.client());
  EXPECT_EQ(s_.server_sees(s_.client().payload("data")).payload, s_.header() + text("data"));
  s_.client_sees(s_.server().acknowledge(base_ + length_ - 1));
  EXPECT_EQ(s_.server_sees(s_.client().payload("data")).payload, s_.header() + text("data"));

  s_.client_sees(s_.server().acknowledge(base_ + length_));

  const SegmentSeen again = s_.server_sees(s_.client().payload("data"));
  EXPECT_EQ(again.payload, text("data"));
  EXPECT_EQ(again.sequence, base_ + length_);
}

TEST_P(SpliceTest, AKeepAliveBeforeTheServerHasTheHeaderIsTheHeaderAlone) {
  s_.open();
  s_.answer();
  for (const char* garbage : {"", "x"}) {
    const SegmentSeen alive = s_.server_sees(s_.client().sequence(base_ - 1).payload(garbage));
    EXPECT_EQ(alive.sequence, base_);
    EXPECT_EQ(alive.payload, s_.header());
  }
}

TEST_P(SpliceTest, AKeepAliveAfterwardsLiesBeforeWhatTheServerWaitsFor) {
  s_.establish();

  const SegmentSeen alive = s_.server_sees(s_.client().sequence(base_ - 1));

  EXPECT_EQ(alive.sequence, base_ + length_ - 1);
  EXPECT_TRUE(alive.payload.empty());
}

TEST_P(SpliceTest, NobodyWritesAHeaderOfHisOwn) {
  s_.open();
  s_.answer();
  const Bytes forged = naive_proxy_header(endpoint(s_.way().vip), endpoint(s_.way().client));
  for (const uint32_t before : {1U, length_ - 1, length_, length_ + 1, 1000U, 0x80000000U}) {
    const SegmentSeen got = s_.server_sees(s_.client().sequence(base_ - before).payload(forged + forged));
    EXPECT_EQ(got.sequence, base_) << before;
    EXPECT_EQ(got.payload, s_.header()) << before;
  }
}

TEST_P(SpliceTest, NothingComesBeforeTheServersAnswer) {
  s_.open();

  EXPECT_EQ(to_string(s_.to_server(s_.client().payload("data"))), "drop no_flow");
  EXPECT_EQ(to_string(s_.to_server(s_.client().sequence(base_ - length_).payload(s_.header()))),
            "drop no_flow");
  EXPECT_EQ(to_string(s_.to_server(s_.client().rst())), "tx");
}

// Had the server forgotten the connection, a client could begin another one and write its header himself.
TEST_P(SpliceTest, AnotherSynOnAFlowIsAnotherBeginning) {
  for (const uint32_t isn : {base_ - 1, base_ + 999}) {
    SpliceRig s(GetParam());
    s.establish();
    s.server_sees(s.client().sequence(isn).syn());
    for (const uint32_t number : {isn + 1 - length_, isn + 1, base_}) {
      const SegmentSeen probe = s.server_sees(s.client().sequence(number).payload(Bytes(100, 7)));
      EXPECT_TRUE(probe.payload.empty());
      EXPECT_EQ(probe.sequence, number + length_ - 1);
    }
    s.client_sees(s.server().syn_ack().acknowledge(isn + 1));
    EXPECT_EQ(s.server_sees(s.client().sequence(isn + 1 - length_).payload(Bytes(100, 7))).payload,
              s.header());
    EXPECT_EQ(s.server_sees(s.client().sequence(isn + 1).payload("data")).payload, s.header() + text("data"));
  }
}

// RFC 5961 section 4: the server challenges it, and the flow goes on as before.
TEST_P(SpliceTest, AForgedSynHoldsAFlowUpUntilTheServersNextWord) {
  s_.establish();
  s_.server_sees(s_.client().sequence(base_ + 999).syn());
  EXPECT_TRUE(s_.server_sees(s_.client().payload("data")).payload.empty());
  EXPECT_EQ(s_.server_sees(s_.client().rst()).sequence, base_ + length_);

  s_.client_sees(s_.server().acknowledge(base_ + length_));

  const SegmentSeen again = s_.server_sees(s_.client().payload("data"));
  EXPECT_EQ(again.payload, text("data"));
  EXPECT_EQ(again.sequence, base_ + length_);
}

TEST_P(SpliceTest, ALateCopyOfTheSynDelaysTheHeaderOnly) {
  s_.open();
  s_.answer();
  s_.server_sees(s_.client().sequence(base_ - 1).syn());
  const SegmentSeen probe = s_.server_sees(s_.client().payload("data"));
  EXPECT_TRUE(probe.payload.empty());
  EXPECT_EQ(probe.sequence, base_ - 1);
  s_.answer();
  EXPECT_EQ(s_.server_sees(s_.client().payload("data")).payload, s_.header() + text("data"));
}

TEST_P(SpliceTest, DataInASynIsCutOffForItComesAgain) {
  for (const char* data : {"odd", "even"}) {
    const SegmentSeen syn = s_.server_sees(s_.client().sequence(base_ - 1).syn().payload(data));
    EXPECT_EQ(syn.sequence, base_ - 1);
    EXPECT_TRUE(syn.payload.empty());
  }
  s_.answer();
  EXPECT_EQ(s_.server_sees(s_.client().payload("odd")).payload, s_.header() + text("odd"));
}

TEST_P(SpliceTest, MultipathTcpIsNotOffered) {
  const Bytes mss = {2, 4, 0x04, 0x00}, capable = {30, 4, 0x01, 0x81}, nops = {1, 1, 1, 1};

  const SegmentSeen syn = s_.server_sees(s_.client().sequence(base_ - 1).syn().tcp_options(mss + capable));

  EXPECT_EQ(syn.options, mss + nops);
}

TEST_P(SpliceTest, AFinWithoutDataComesBehindTheHeader) {
  s_.open();
  s_.answer();

  const SegmentSeen fin = s_.server_sees(s_.client().fin());

  EXPECT_EQ(fin.sequence, base_);
  EXPECT_EQ(fin.payload, s_.header());
  EXPECT_NE(fin.flags & tcp_flag::kFin, 0);
}

TEST_P(SpliceTest, AFinAfterDataIsRaised) {
  s_.establish();

  EXPECT_EQ(s_.server_sees(s_.client().sequence(base_ + 4).fin()).sequence, base_ + 4 + length_);
  EXPECT_EQ(s_.client_sees(s_.server().acknowledge(base_ + 5 + length_).fin()).acknowledgement, base_ + 5);
}

// RFC 5961 section 3.2: a reset must have the very number.
TEST_P(SpliceTest, AResetHasTheNumberThatTheServerWaitsFor) {
  s_.open();
  s_.answer();
  EXPECT_EQ(s_.server_sees(s_.client().rst()).sequence, base_) << "the answer to the SYN-ACK";
  s_.server_sees(s_.client());
  EXPECT_EQ(s_.server_sees(s_.client().rst()).sequence, base_ + length_) << "the header is on its way";
  s_.client_sees(s_.server());
  const SegmentSeen lost = s_.server_sees(s_.client().rst());
  EXPECT_EQ(lost.sequence, base_) << "the server says that it has not come";
  EXPECT_TRUE(lost.payload.empty());
}

TEST_P(SpliceTest, AResetAfterTheHeaderIsRaised) {
  s_.establish();
  EXPECT_EQ(s_.server_sees(s_.client().rst()).sequence, base_ + length_);
}

TEST_P(SpliceTest, TheUrgentPointerCountsTheHeader) {
  s_.open();
  s_.answer();
  const auto urgent = [&](uint16_t pointer) {
    return s_.server_sees(s_.client().flags(tcp_flag::kAck | kUrgent).urgent(pointer).payload("data")).urgent;
  };
  EXPECT_EQ(urgent(2), 2 + length_);
  EXPECT_EQ(urgent(0xffff), 0xffff);
  s_.client_sees(s_.server().acknowledge(base_ + length_));
  EXPECT_EQ(urgent(2), 2);
}

TEST_P(SpliceTest, WhatTheClientAcknowledgesStays) {
  s_.establish();
  EXPECT_EQ(s_.server_sees(s_.client().acknowledge(0xfffffff0)).acknowledgement, 0xfffffff0U);
  EXPECT_EQ(s_.server_sees(s_.client().acknowledge(base_ + 5)).acknowledgement, base_ + 5);
}

TEST_P(SpliceTest, ASegmentTooLongForTheHeaderIsAnsweredWithWhatFits) {
  s_.open();
  s_.answer();
  s_.rig().own_frames();
  const bool v4 = endpoint(s_.way().client).address.is_v4(),
             server_v4 = endpoint(s_.way().server).address.is_v4();
  const size_t most = 1500 - length_ - (server_v4 ? 20 : 40) - 20;
  EXPECT_EQ(to_string(s_.to_server(s_.client().payload(Bytes(most, 7)))), "tx");
  EXPECT_EQ(to_string(s_.to_server(s_.client().payload(Bytes(most + 1, 7)))), "drop too_big");
  const auto own = s_.rig().own_frames();
  ASSERT_EQ(own.size(), 1U);
  const size_t mtu_at = v4 ? 40 : 60;
  EXPECT_EQ(own[0].second[mtu_at] << 8 | own[0].second[mtu_at + 1],
            static_cast<int>(most + 20 + (v4 ? 20 : 40)));
}

TEST_P(SpliceTest, WhatIsCutOffNeedsNoRoom) {
  s_.open();
  s_.answer();
  const bool same_family =
      endpoint(s_.way().client).address.family() == endpoint(s_.way().server).address.family();
  const size_t most = 1500 - 60 - (same_family ? 0 : 20);
  EXPECT_EQ(s_.server_sees(s_.client().sequence(base_ - 1).payload(Bytes(most, 7))).payload, s_.header());
}

TEST_P(SpliceTest, WithoutHeadroomThereIsNoHeader) {
  s_.open();
  s_.answer();
  s_.rig().headroom = static_cast<uint16_t>(length_ - 1);
  EXPECT_EQ(to_string(s_.to_server(s_.client())), "drop no_headroom");
}

TEST_P(SpliceTest, AWrongChecksumStaysWrong) {
  s_.open();
  s_.answer();
  Bytes frame = s_.client().payload("data");
  frame.back() ^= 1;
  const Outcome out = s_.to_server(frame);
  ASSERT_EQ(out.action, Action::kTx);
  EXPECT_FALSE(out.fields().checksums_hold);
}

TEST_P(SpliceTest, TheHeaderIsNotPutIntoAPieceOfASegment) {
  s_.open();
  s_.answer();
  const auto first_of = [&](uint32_t number) {
    return pieces_of(s_.client().sequence(number).payload(Bytes(200, 7)), 64)[0];
  };
  EXPECT_EQ(to_string(s_.to_server(first_of(base_))), "drop fragment");
  EXPECT_EQ(to_string(s_.to_server(first_of(base_ - 1))), "drop fragment");
  EXPECT_EQ(to_string(s_.to_server(first_of(base_ + 1))), "tx");
}

TEST_P(SpliceTest, BehindTheHeaderSegmentsInPiecesArrive) {
  s_.establish();
  const auto together = [&](const Bytes& segment, PortIndex port) {
    std::vector<Bytes> frames;
    for (const Bytes& piece : pieces_of(segment, 64)) {
      const Outcome out = s_.rig().send(piece, port);
      EXPECT_EQ(to_string(out), "tx");
      frames.push_back(out.frame);
    }
    return segment_of(whole_of(frames));
  };
  const SegmentSeen up = together(s_.client().sequence(base_ + 5).payload(Bytes(200, 7)), kOutside);
  EXPECT_EQ(up.sequence, base_ + 5 + length_);
  EXPECT_EQ(up.payload, Bytes(200, 7));
  EXPECT_TRUE(up.checksums_hold);
  const SegmentSeen down =
      together(s_.server().acknowledge(base_ + length_ + 5).payload(Bytes(200, 9)), kInside);
  EXPECT_EQ(down.acknowledgement, base_ + 5);
  EXPECT_EQ(down.payload, Bytes(200, 9));
  EXPECT_TRUE(down.checksums_hold);
}

TEST_P(SpliceTest, NumbersComeRoundAtTheEndOf32Bits) {
  for (const uint32_t isn : {0xffffffffU, 0xfffffffeU, 0xfffffff0U, 0U - 52U, 0x7fffffffU, 0x7ffffff0U}) {
    SpliceRig s(GetParam(), isn);
    s.open();
    s.answer();
    EXPECT_EQ(s.server_sees(s.client()).payload, s.header());
    EXPECT_EQ(s.server_sees(s.client().sequence(s.base() + 100)).sequence, s.base() + 100 + length_);
    EXPECT_EQ(s.server_sees(s.client().sequence(isn)).payload, s.header());
    EXPECT_EQ(s.client_sees(s.server().acknowledge(s.base() + 5)).acknowledgement, s.base());
    EXPECT_EQ(s.client_sees(s.server().acknowledge(s.base() + length_ + 5)).acknowledgement, s.base() + 5);
  }
}

TEST_P(SpliceTest, AfterFourGigabytesTheFirstNumberIsAnyOther) {
  s_.establish();
  EXPECT_EQ(s_.client_sees(s_.server().acknowledge(base_ + 0x80000000U)).acknowledgement,
            base_ + 0x80000000U - length_);

  for (const uint32_t number : {base_, base_ - 1, base_ - length_}) {
    const SegmentSeen seen = s_.server_sees(s_.client().sequence(number).payload("data"));
    EXPECT_EQ(seen.sequence, number + length_);
    EXPECT_EQ(seen.payload, text("data"));
    EXPECT_EQ(s_.client_sees(s_.server().acknowledge(number + length_)).acknowledgement, number);
  }
}

TEST(Splice, OtherServicesAreUntouched) {
  Rig rig([](SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); });
  const auto client = [] { return tcp("198.51.100.7:40000", "10.10.0.100:1935"); };
  const Outcome syn = rig.send(client().syn().payload("data"));
  EXPECT_EQ(segment_of(syn.frame).payload, text("data"));
  rig.send(tcp("10.20.0.11:1935", syn.fields().source.to_string()).syn_ack().to(kInsideMac), kInside);
  EXPECT_EQ(segment_of(rig.send(client().sequence(1001).payload("data")).frame).payload, text("data"));
}

}  // namespace
}  // namespace lb
