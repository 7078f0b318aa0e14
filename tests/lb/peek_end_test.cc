// SPDX-License-Identifier: MIT
// Connections that Cleat accepts itself and that are not joined, or not for long.
#include <gtest/gtest.h>

#include "lb/mend.h"
#include "tests/lb/peek_rig.h"
#include "tests/lb/rtmp_rig.h"

namespace lb::test {
namespace {

constexpr const char* kVip = "10.10.0.100:1935";

Bytes request(std::string_view stream) {
  return text("GET /live/" + std::string(stream) + ".flv HTTP/1.1\r\nHost: media.example\r\n\r\n");
}

class PeekEnds : public ::testing::Test {
 protected:
  explicit PeekEnds(const Rig::Edit& edit = {}) : net_(edit) {}

  Rig& rig() { return net_.rig(); }
  TcpPeer& client(unsigned n = 7, const TcpPeerOptions& options = {}) {
    TcpPeer& peer = net_.client(("198.51.100." + std::to_string(n) + ":40000").c_str(), options);
    peer.connect(endpoint(kVip));
    return peer;
  }
  void with_servers() {
    for (unsigned n = 11; n <= 13; ++n)
      servers_.push_back(&net_.server(("10.20.0." + std::to_string(n) + ":1935").c_str(), n));
  }
  [[nodiscard]] uint64_t ends(PeekEnd why) {
    return rig().counters().peeks.ends[static_cast<unsigned>(why)].get();
  }
  void expect_nothing_left() {
    rig().wait_s(80);
    EXPECT_EQ(rig().worker().peeks.used(), 0U);
    for (const SlotState state : {SlotState::kProbing, SlotState::kSpliced, SlotState::kEmbryonic})
      EXPECT_EQ(rig().slots_in_state(state), 0U);
    EXPECT_EQ(rig().open_flows("rtmp"), 0);
  }

  PeekRig net_;
  std::vector<TcpPeer*> servers_;
};

TEST_F(PeekEnds, FloodOfSynsCostsNoMemory) {
  for (unsigned n = 0; n < 500; ++n) {
    const std::string source = "198.51.100." + std::to_string(n % 250) + ":" + std::to_string(2000 + n);
    EXPECT_EQ(to_string(rig().send(tcp(source, kVip).syn())), "consumed");
  }
  EXPECT_EQ(rig().own_frames().size(), OutFrames::kCapacity);  // as many as a burst may have
  EXPECT_EQ(rig().worker().peeks.used(), 0U);
  EXPECT_EQ(rig().open_flows("rtmp"), 0);
}

TEST_F(PeekEnds, SegmentWithoutItsHandshakeIsOfNoFlow) {
  EXPECT_EQ(to_string(rig().send(tcp("198.51.100.7:40000", kVip).payload("GET /"))), "drop no_flow");
  EXPECT_EQ(to_string(rig().send(tcp("198.51.100.7:40000", kVip).rst())), "drop no_flow");
  EXPECT_EQ(rig().worker().peeks.used(), 0U);
}

TEST_F(PeekEnds, DamagedSegmentsAreTakenFromNeitherSide) {
  const auto emitted = [&](PortIndex wanted) {
    Bytes last;
    for (auto& [port, frame] : rig().own_frames())
      if (port == wanted && frame[23] == 6) last = frame;
    return last;
  };
  rig().send(tcp("198.51.100.7:40000", kVip).syn());
  const uint32_t number = segment_of(emitted(kOutside)).sequence + 1;
  FrameBuilder asks =
      tcp("198.51.100.7:40000", kVip).sequence(1001).acknowledge(number).payload(request("cam"));
  EXPECT_EQ(to_string(rig().send(FrameBuilder(asks).l4_checksum(0x1234))), "drop bad_tcp_checksum");
  EXPECT_EQ(rig().worker().peeks.used(), 0U);
  EXPECT_EQ(to_string(rig().send(asks)), "consumed");
  rig().own_frames();  // ARP
  rig().wait_ms(300);
  const Bytes syn = emitted(kInside);
  ASSERT_FALSE(syn.empty());
  const FrameFields to_server = fields_of(syn);
  FrameBuilder answer(Protocol::kTcp, to_server.destination, to_server.source);
  answer.from(backend_mac(11)).to(kInsideMac).syn_ack().acknowledge(1001);
  EXPECT_EQ(to_string(rig().send(FrameBuilder(answer).l4_checksum(0x1234), kInside)),
            "drop bad_tcp_checksum");
  EXPECT_EQ(rig().counters().peeks.joined.get(), 0U);
  EXPECT_EQ(to_string(rig().send(answer, kInside)), "consumed");
  EXPECT_EQ(rig().counters().peeks.joined.get(), 1U);
}

TEST_F(PeekEnds, BytesOfSomebodyWhoDoesNotSeeTheAnswersAreNotTaken) {
  rig().send(tcp("198.51.100.7:40000", kVip).syn());
  const uint32_t number = segment_of(rig().own_frames().back().second).sequence + 1;
  FrameBuilder segment =
      tcp("198.51.100.7:40000", kVip).sequence(1001).acknowledge(number).payload("GET /li");
  EXPECT_EQ(to_string(rig().send(segment)), "consumed");
  segment.sequence(1008).payload("ve/evil");
  EXPECT_EQ(to_string(rig().send(FrameBuilder(segment).acknowledge(number + 1))), "drop no_flow");
  EXPECT_EQ(to_string(rig().send(FrameBuilder(segment).acknowledge(number - 1))), "drop no_flow");
  EXPECT_EQ(to_string(rig().send(FrameBuilder(segment).flags(0))), "drop no_flow");
  EXPECT_EQ(to_string(rig().send(segment)), "consumed");
}

TEST_F(PeekEnds, ClientThatSpeaksNoKnownProtocolIsReset) {
  TcpPeer& peer = client();
  peer.say({5, 1, 0});  // SOCKS
  EXPECT_TRUE(net_.run_until([&] { return peer.was_reset(); }));
  EXPECT_EQ(ends(PeekEnd::kNotUnderstood), 1U);
  expect_nothing_left();
}

TEST_F(PeekEnds, ClientThatNeverFinishesItsRequestIsResetAfterTenSeconds) {
  TcpPeer& peer = client();
  peer.say(text("GET /live/cam.flv HTT"));
  EXPECT_FALSE(net_.run_until([&] { return peer.was_reset(); }, 190));
  EXPECT_TRUE(net_.run_until([&] { return peer.was_reset(); }, 20));
  EXPECT_EQ(ends(PeekEnd::kTooSlow), 1U);
  expect_nothing_left();
}

TEST_F(PeekEnds, RequestOfSixteenKilobytesIsServedAndOneOfThirtyIsReset) {
  with_servers();
  TcpPeer& good = client(7);
  const Bytes long_one = text("GET /live/cam.flv?" + std::string(16 << 10, 'x') + " HTTP/1.1\r\n\r\n");
  good.say(long_one);
  EXPECT_TRUE(net_.run_until([&] {
    return std::any_of(servers_.begin(), servers_.end(), [&](TcpPeer* s) { return s->heard() == long_one; });
  }));
  TcpPeer& bad = client(8);
  bad.say(text("GET /live/cam.flv?" + std::string(30 << 10, 'x')));
  EXPECT_TRUE(net_.run_until([&] { return bad.was_reset(); }));
  EXPECT_EQ(ends(PeekEnd::kTooLong), 1U);
}

TEST_F(PeekEnds, RequestThatLeavesLessRoomThanAWindowCanTellIsTooLong) {
  TcpPeer& bad = client(9);
  const Bytes opening = text("GET /live/cam.flv?");
  bad.say(opening + Bytes(PeekBuffer::kCapacity - opening.size() - 100, 'x'));
  ASSERT_TRUE(net_.run_until([&] { return bad.all_acknowledged() || bad.was_reset(); }));
  bad.say(Bytes(5000, 'x'));
  EXPECT_TRUE(net_.run_until([&] { return bad.was_reset(); }, 20));
  EXPECT_EQ(ends(PeekEnd::kTooLong), 1U);
}

TEST_F(PeekEnds, ClientThatIsPushedOutMakesRoomForOthers) {
  const uint32_t places = rig().worker().peeks.count();
  for (unsigned n = 0; n < 2 * places; ++n) {
    TcpPeer& peer = net_.client(("198.51.100.9:" + std::to_string(3000 + n)).c_str());
    peer.connect(endpoint(kVip));
    peer.say(text("GET /li"));
    net_.run_until([] { return false; }, 2);
  }
  EXPECT_GT(ends(PeekEnd::kPushedOut), 0U);
  EXPECT_LE(rig().worker().peeks.used(), places);
  EXPECT_EQ(rig().drops(DropReason::kPeekTableFull), 0U);
  expect_nothing_left();
}

TEST_F(PeekEnds, ConnectionsThatWaitForServersAreNotPushedOut) {
  const uint32_t places = rig().worker().peeks.count();
  for (unsigned n = 0; n < 4 * places; ++n) {
    TcpPeer& peer = net_.client(("198.51.100.9:" + std::to_string(3000 + n)).c_str());
    peer.connect(endpoint(kVip));
    peer.say(request("cam" + std::to_string(n)));
  }
  net_.run_until([&] { return rig().drops(DropReason::kPeekTableFull) > 0; }, 20);
  EXPECT_GT(rig().drops(DropReason::kPeekTableFull), 0U);
  EXPECT_EQ(ends(PeekEnd::kPushedOut), 0U);
}

TEST_F(PeekEnds, ServerThatDoesNotAnswerResetsTheClientAfterThreeSeconds) {
  TcpPeer& peer = client();
  peer.say(request("cam"));
  EXPECT_FALSE(net_.run_until([&] { return peer.was_reset(); }, 55));
  EXPECT_TRUE(net_.run_until([&] { return peer.was_reset(); }, 15));
  EXPECT_EQ(ends(PeekEnd::kServerSilent), 1U);
  expect_nothing_left();
}

TEST_F(PeekEnds, RefusalReachesTheClient) {
  TcpPeer& peer = client();
  peer.say(request("cam"));
  Bytes syn;
  for (unsigned step = 0; step < 10 && syn.empty(); ++step) {
    for (const Bytes& frame : peer.talk(true)) rig().send(frame);
    for (auto& [port, frame] : rig().own_frames()) {
      if (port == kOutside && frame[23] == 6) peer.take(frame);
      if (port == kInside && frame[23] == 6) syn = frame;
    }
    rig().wait_ms(50);
  }
  ASSERT_FALSE(syn.empty());
  const FrameFields to_server = fields_of(syn);
  FrameBuilder refusal(Protocol::kTcp, to_server.destination, to_server.source);
  refusal.from(backend_mac(11)).to(kInsideMac).flags(tcp_flag::kRst | tcp_flag::kAck).sequence(0);
  EXPECT_EQ(to_string(rig().send(refusal.acknowledge(segment_of(syn).sequence + 9), kInside)), "consumed");
  EXPECT_EQ(ends(PeekEnd::kRefused), 0U) << "somebody guessed";
  rig().send(refusal.acknowledge(segment_of(syn).sequence + 1), kInside);
  EXPECT_EQ(ends(PeekEnd::kRefused), 1U);
  for (auto& [port, frame] : rig().own_frames()) peer.take(frame);
  EXPECT_TRUE(peer.was_reset());
  expect_nothing_left();
}

TEST_F(PeekEnds, ServerThatClosesBeforeItKnowsTheStreamIsReset) {
  with_servers();
  TcpPeer& player = client();
  player.say(joined({plain_handshake(1), connect_command(), create_stream(), play()}));
  for (TcpPeer* server : servers_) server->hang_up();
  EXPECT_TRUE(net_.run_until([&] {
    return player.was_reset() &&
           std::any_of(servers_.begin(), servers_.end(), [](TcpPeer* s) { return s->was_reset(); });
  }));
  EXPECT_EQ(ends(PeekEnd::kRefused), 1U);
  expect_nothing_left();
}

TEST_F(PeekEnds, ServerThatSpeaksOfAFormerConnectionIsRefuted) {
  const auto sent = [&](PortIndex wanted) {
    Bytes last;
    for (auto& [port, frame] : rig().own_frames())
      if (port == wanted && frame[23] == 6) last = frame;
    return last;
  };
  rig().send(tcp("198.51.100.7:40000", kVip).syn());
  const uint32_t number = segment_of(sent(kOutside)).sequence + 1;
  rig().send(tcp("198.51.100.7:40000", kVip).sequence(1001).acknowledge(number).payload(request("cam")));
  rig().own_frames();  // it may have asked for a MAC address alone
  rig().wait_ms(300);
  const FrameFields to_server = fields_of(sent(kInside));
  FrameBuilder says(Protocol::kTcp, to_server.destination, to_server.source);
  says.from(backend_mac(11)).to(kInsideMac);
  rig().send(FrameBuilder(says).sequence(5).acknowledge(77'777), kInside);  // RFC 5961's challenge
  const SegmentSeen refutation = segment_of(sent(kInside));
  EXPECT_EQ(refutation.flags, tcp_flag::kRst);
  EXPECT_EQ(refutation.sequence, 77'777U);
  rig().send(FrameBuilder(says).syn_ack().acknowledge(1001), kInside);
  EXPECT_EQ(rig().counters().peeks.joined.get(), 1U);
}

TEST_F(PeekEnds, WithoutAServerTheClientIsReset) {
  rig().reload([](SnapshotSpec& spec) {
    for (BackendSpec& backend : pool(spec, "srs").backends) backend.weight = 0;
  });
  TcpPeer& peer = client();
  peer.say(request("cam"));
  EXPECT_TRUE(net_.run_until([&] { return peer.was_reset(); }));
  EXPECT_EQ(ends(PeekEnd::kNoServer), 1U);
  expect_nothing_left();
}

TEST_F(PeekEnds, ClientThatSpeaksAMinuteAfterItsHandshakeIsServed) {
  with_servers();
  TcpPeer& peer = client();
  ASSERT_TRUE(net_.run_until([&] { return peer.is_open(); }));
  rig().wait_s(60);
  peer.say(request("cam"));
  EXPECT_TRUE(net_.run_until([&] { return ends(PeekEnd::kJoined) == 1; }, 20));
}

TEST_F(PeekEnds, ClientThatSpeaksMinutesAfterItsHandshakeIsReset) {
  TcpPeer& peer = client();
  ASSERT_TRUE(net_.run_until([&] { return peer.is_open(); }));
  rig().wait_s(150);
  peer.say(request("cam"));
  EXPECT_TRUE(net_.run_until([&] { return peer.was_reset(); }, 20));
  EXPECT_EQ(rig().counters().peeks.began.get(), 0U);
  expect_nothing_left();
}

TEST_F(PeekEnds, ClientThatHangsUpWithoutAWordIsAnswered) {
  TcpPeer& peer = client();
  peer.hang_up();
  EXPECT_TRUE(net_.run_until([&] { return peer.ended() && peer.all_acknowledged(); }));
  EXPECT_EQ(rig().counters().peeks.began.get(), 0U);
  expect_nothing_left();
}

TEST_F(PeekEnds, ClientThatHangsUpInItsRequestIsAnswered) {
  TcpPeer& peer = client();
  peer.say(text("GET /live/cam"));
  peer.hang_up();
  EXPECT_TRUE(net_.run_until([&] { return peer.ended() && peer.all_acknowledged(); }));
  EXPECT_EQ(ends(PeekEnd::kClientLeft), 1U);
  expect_nothing_left();
}

TEST_F(PeekEnds, RequestWhoseClientHangsUpAtOnceIsStillAnswered) {
  with_servers();
  TcpPeer& peer = client();
  peer.say(request("cam"));
  peer.hang_up();
  TcpPeer* server = nullptr;
  EXPECT_TRUE(net_.run_until([&] {
    for (TcpPeer* s : servers_)
      if (s->heard() == request("cam") && s->ended()) server = s;
    return server != nullptr;
  }));
  server->say(text("HTTP/1.1 200 OK\r\n\r\n"));
  EXPECT_TRUE(net_.run_until([&] { return peer.heard() == text("HTTP/1.1 200 OK\r\n\r\n"); }));
}

TEST_F(PeekEnds, ResetOfTheClientEndsItInEachPhase) {
  with_servers();
  TcpPeer& reading = client(7);
  reading.say(text("GET /live"));
  net_.run_until([] { return false; }, 4);
  EXPECT_EQ(rig().worker().peeks.used(), 1U);
  reading.say({});
  reading.reset();
  net_.run_until([] { return false; }, 2);
  EXPECT_EQ(ends(PeekEnd::kClientLeft), 1U);
  TcpPeer& joined = client(8);
  joined.say(request("cam"));
  ASSERT_TRUE(net_.run_until([&] { return ends(PeekEnd::kJoined) == 1; }));
  joined.reset();
  EXPECT_TRUE(net_.run_until([&] {
    return std::any_of(servers_.begin(), servers_.end(), [](TcpPeer* s) { return s->was_reset(); });
  }));
  expect_nothing_left();
}

TEST_F(PeekEnds, JoinedConnectionOutlivesTheProcess) {
  with_servers();
  TcpPeer& peer = client();
  peer.say(request("cam"));
  ASSERT_TRUE(net_.run_until([&] { return ends(PeekEnd::kJoined) == 1; }));
  const MendReport report = mend(rig().segment(), rig().now());
  EXPECT_EQ(report.slots, 1U);
  rig().reload([](SnapshotSpec&) {});
  peer.say(text("more"));
  EXPECT_TRUE(net_.run_until([&] {
    return std::any_of(servers_.begin(), servers_.end(),
                       [](TcpPeer* s) { return s->heard() == request("cam") + text("more"); });
  }));
}

}  // namespace
}  // namespace lb::test
