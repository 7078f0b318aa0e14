// SPDX-License-Identifier: MIT
// What Cleat reads from TCP flags: when a flow is established, over, or begins anew on the same client port.
#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kClient = "198.51.100.7:40000", *kVip = "10.10.0.100:1935",
                     *kBackend = "10.20.0.11:1935";

class TcpState : public testing::Test {
 protected:
  Outcome client(uint8_t flags) { return rig_.send(tcp(kClient, kVip).flags(flags)); }
  Outcome backend(uint8_t flags) {
    return rig_.send(tcp(kBackend, lip_.to_string()).flags(flags).to(kInsideMac), kInside);
  }
  // A SYN that opens a flow; its slot's LIP and port are the server's view from now on.
  Endpoint open() {
    const Outcome out = client(tcp_flag::kSyn);
    EXPECT_EQ(to_string(out), "tx");
    return lip_ = out.fields().source;
  }
  void establish() {
    open();
    backend(tcp_flag::kSyn | tcp_flag::kAck);
    client(tcp_flag::kAck);
  }
  Endpoint port_of(const Outcome& out) {
    return out.action == Action::kTx ? out.fields().source : Endpoint{};
  }

  static constexpr uint8_t kFinAck = tcp_flag::kFin | tcp_flag::kAck;
  Endpoint lip_;
  Rig rig_{[](SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); }};
};

TEST_F(TcpState, ASegmentOfNoKnownFlowIsDropped) {
  for (const uint8_t flags : {tcp_flag::kAck, tcp_flag::kRst, kFinAck, uint8_t{0}})
    EXPECT_EQ(to_string(client(flags)), "drop no_flow") << int{flags};
  EXPECT_EQ(to_string(client(tcp_flag::kSyn | tcp_flag::kAck)), "drop no_flow");
}

TEST_F(TcpState, ASynWithFinOrRstOpensNothing) {
  EXPECT_EQ(to_string(client(tcp_flag::kSyn | tcp_flag::kFin)), "drop no_flow");
  EXPECT_EQ(to_string(client(tcp_flag::kSyn | tcp_flag::kRst)), "drop no_flow");
}

TEST_F(TcpState, ARepeatedSynKeepsItsSlot) {
  const Endpoint first = open();

  EXPECT_EQ(port_of(client(tcp_flag::kSyn)), first);
  establish();
  EXPECT_EQ(port_of(client(tcp_flag::kSyn)), first) << "a late duplicate does not disturb an open flow";
  EXPECT_EQ(rig_.open_flows("rtmp"), 1);
}

TEST_F(TcpState, TwoCopiesOfASynInOneBurstAreOneFlow) {
  const std::vector<Bytes> burst = {tcp(kClient, kVip).syn(), tcp(kClient, kVip).syn(), tcp(kClient, kVip)};

  const auto out = rig_.send_burst(burst);

  EXPECT_EQ(port_of(out[0]), port_of(out[1]));
  EXPECT_EQ(port_of(out[0]), port_of(out[2]));
  EXPECT_EQ(rig_.open_flows("rtmp"), 1);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kEmbryonic), 1U);
}

TEST_F(TcpState, AFlowIsEstablishedByTheClientsAnswerToTheSynAck) {
  open();
  EXPECT_EQ(rig_.slots_in_state(SlotState::kEmbryonic), 1U);
  backend(tcp_flag::kSyn | tcp_flag::kAck);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kEmbryonic), 1U) << "the client may be a forgery";

  client(tcp_flag::kAck);

  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 1U);
}

TEST_F(TcpState, AHandshakeWhoseSynWasRepeatedIsEstablishedToo) {
  open();
  client(tcp_flag::kSyn);
  backend(tcp_flag::kSyn | tcp_flag::kAck);

  client(tcp_flag::kAck);

  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 1U);
}

TEST_F(TcpState, AnAckWithoutAnAnswerEstablishesNothing) {
  open();

  for (int i = 0; i < 3; ++i) client(tcp_flag::kAck);

  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 0U);
}

TEST_F(TcpState, ASynAfterBothFinsBeginsANewFlow) {
  establish();
  const Endpoint before = lip_;
  client(kFinAck);
  backend(kFinAck);
  client(tcp_flag::kAck);

  EXPECT_NE(open(), before) << "the server may be in TIME-WAIT on the old port";
  EXPECT_EQ(to_string(backend(tcp_flag::kSyn | tcp_flag::kAck)), "tx");
}

TEST_F(TcpState, ASynAfterOneFinBelongsToTheHalfOpenFlow) {
  establish();
  client(kFinAck);

  EXPECT_EQ(port_of(client(tcp_flag::kSyn)), lip_) << "the server decides (RFC 5961 section 4)";
}

TEST_F(TcpState, ASynAfterARefusalBeginsANewFlow) {
  const Endpoint before = open();
  EXPECT_EQ(to_string(backend(tcp_flag::kRst | tcp_flag::kAck)), "tx") << "the client hears of it";

  EXPECT_NE(open(), before);
}

TEST_F(TcpState, AFlowIsGoneTwoSecondsAfterAReset) {
  establish();
  client(tcp_flag::kRst);

  rig_.wait_s(1);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 1U);
  rig_.wait_s(6);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 0U);
  EXPECT_EQ(to_string(client(tcp_flag::kAck)), "drop no_flow");
  EXPECT_EQ(to_string(backend(tcp_flag::kAck)), "drop reply_without_slot");
  EXPECT_EQ(rig_.open_flows("rtmp"), 0);
}

TEST_F(TcpState, AForgedResetIsRefutedByTheNextSegment) {
  establish();
  client(tcp_flag::kRst);
  client(tcp_flag::kAck);
  backend(tcp_flag::kRst);
  backend(tcp_flag::kAck);

  rig_.wait_s(12);

  EXPECT_EQ(to_string(client(tcp_flag::kAck)), "tx");
  EXPECT_EQ(to_string(backend(tcp_flag::kAck)), "tx");
}

TEST_F(TcpState, AResetFromAStrangerChangesNothing) {
  establish();

  EXPECT_EQ(to_string(rig_.send(tcp("10.20.0.12:1935", lip_.to_string()).rst().to(kInsideMac), kInside)),
            "drop reply_from_stranger");
  rig_.wait_s(10);
  EXPECT_EQ(to_string(client(tcp_flag::kAck)), "tx");
}

TEST_F(TcpState, AHalfClosedFlowGoesOn) {
  establish();
  client(kFinAck);
  for (int i = 0; i < 5; ++i) {
    rig_.wait_s(8);
    EXPECT_EQ(to_string(backend(tcp_flag::kAck)), "tx") << i;
    EXPECT_EQ(to_string(client(tcp_flag::kAck)), "tx") << i;
  }
}

TEST_F(TcpState, ABackendsLastFinIsStillDeliveredWhenTheFirstWasLost) {
  establish();
  client(kFinAck);
  backend(kFinAck);

  for (int i = 0; i < 4; ++i) {
    rig_.wait_ms(1500);
    EXPECT_EQ(to_string(backend(kFinAck)), "tx") << i;
  }
}

class TcpStateDsr : public testing::Test {
 protected:
  uint64_t entries() {
    uint64_t count = 0;
    NarrowTable& table = rig_.segment().flows().narrow;
    for (uint64_t b = 0; b < table.buckets(); ++b) table.visit(b, [&](auto&, auto&) { ++count; });
    return count;
  }
  Rig rig_{[](SnapshotSpec& spec) {
    for (ServiceSpec& each : spec.services) each.forward = Forward::kDsr;
  }};
};

TEST_F(TcpStateDsr, AFloodOfSynsCostsNoState) {
  for (unsigned port = 1024; port < 3024; ++port)
    EXPECT_EQ(rig_.send(tcp("198.51.100.7:" + std::to_string(port), kVip).syn()).action, Action::kTx);

  EXPECT_EQ(entries(), 0U);
  EXPECT_EQ(rig_.open_flows("rtmp"), 0);
}

TEST_F(TcpStateDsr, TheFirstAckGoesWhereTheSynWent) {
  for (unsigned port = 1024; port < 1124; ++port) {
    const std::string client = "198.51.100.7:" + std::to_string(port);
    const MacAddress syn = rig_.send(tcp(client, kVip).syn()).fields().destination_mac;
    EXPECT_EQ(rig_.send(tcp(client, kVip)).fields().destination_mac, syn);
  }
  EXPECT_EQ(entries(), 100U);
}

TEST_F(TcpStateDsr, ASynAfterTheClientsFinIsPickedAnew) {
  const MacAddress before = rig_.send(tcp(kClient, kVip)).fields().destination_mac;
  ASSERT_TRUE(rig_.reload([&](SnapshotSpec& spec) {
    for (BackendSpec& each : pool(spec, "srs").backends)
      if (backend_mac(each.address.bytes()[15]) == before) each.weight = 0;
  }));
  EXPECT_EQ(rig_.send(tcp(kClient, kVip).syn()).fields().destination_mac, before) << "still open";
  rig_.send(tcp(kClient, kVip).fin());

  EXPECT_NE(rig_.send(tcp(kClient, kVip).syn()).fields().destination_mac, before);
}

TEST_F(TcpStateDsr, AClosedFlowIsForgottenSoonAnOpenOneIsNot) {
  rig_.send(tcp("198.51.100.7:1", kVip));
  rig_.send(tcp("198.51.100.7:2", kVip));
  rig_.send(tcp("198.51.100.7:2", kVip).fin());
  EXPECT_EQ(rig_.open_flows("rtmp"), 2);

  rig_.wait_s(45);

  EXPECT_EQ(rig_.open_flows("rtmp"), 1);
}

TEST_F(TcpStateDsr, AStrayResetLeavesNoFlowForLong) {
  rig_.send(tcp(kClient, kVip).rst());

  rig_.wait_s(45);

  EXPECT_EQ(entries(), 0U);
}

}  // namespace
}  // namespace lb
