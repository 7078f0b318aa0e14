// SPDX-License-Identifier: MIT
// The handshake of an SRT connection through Cleat: who is answered, who is asked, and whose server it gets.
#include "lb/srt_client.h"

#include <gtest/gtest.h>

#include "lb/place_stream.h"
#include "lb/srt_call.h"
#include "lb/srt_cookie.h"
#include "tests/lb/srt_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kCaller = "198.51.100.7:40000", *kOther = "198.51.100.8:40000";
constexpr const char *kPublish = "#!::r=live/cam,m=publish", *kPlay = "#!::r=live/cam";
constexpr uint32_t kSocket = 0x20880001, kServerSocket = 0x11220001;

TEST(SrtClient, AnInductionIsAnsweredAndLeavesNothing) {
  SrtRig rig;
  EXPECT_EQ(to_string(rig.from(kCaller, srt_induction(kSocket))), "consumed");
  const FrameFields answer = rig.own();
  EXPECT_EQ(answer.source, endpoint(kSrtVip));
  EXPECT_EQ(answer.destination, endpoint(kCaller));
  EXPECT_TRUE(answer.checksums_hold);
  const SrtHandshake said = read_srt(answer.payload);
  EXPECT_EQ(said.type, SrtHandshakeType::kInduction);
  EXPECT_EQ(said.destination, kSocket);
  EXPECT_EQ(said.version, 5U);
  EXPECT_EQ(said.extension, kSrtMagic);
  EXPECT_EQ(rig.entries(), 0U);
  EXPECT_EQ(rig.slots_in_state(SlotState::kEmbryonic), 0U);
  EXPECT_EQ(rig.counters().srt.inductions.get(), 1U);
}

// Nobody sends more to a forged address through Cleat than he sends himself.
TEST(SrtClient, AnAnswerIsNeverLongerThanTheQuestion) {
  SrtRig rig;
  const Bytes question = udp(kCaller, kSrtVip).payload(srt_induction(kSocket));
  rig.send(question);
  EXPECT_EQ(rig.own_frames().at(0).second.size(), question.size());
  Bytes shorter = srt_induction(kSocket);
  shorter.pop_back();
  EXPECT_EQ(to_string(rig.from(kCaller, shorter)), "drop bad_srt");
  EXPECT_TRUE(rig.own_frames().empty());
}

TEST(SrtClient, AHundredThousandForgedInductionsLeaveNothing) {
  SrtRig rig;
  for (unsigned i = 0; i < 100'000; ++i)
    rig.send(FrameBuilder(Protocol::kUdp, {IpAddress::v4(be32::of(0x0b000000 + i)), 40000}, endpoint(kSrtVip))
                 .payload(srt_induction(i))),
        rig.own_frames();
  EXPECT_EQ(rig.counters().srt.inductions.get(), 100'000U);
  EXPECT_EQ(rig.entries(), 0U);
  EXPECT_EQ(rig.slots_in_state(SlotState::kEmbryonic), 0U);
}

TEST(SrtClient, AConclusionAsksTheServerAsTheCallerWould) {
  SrtRig rig;
  const uint32_t cookie = rig.cookie(kCaller, kSocket);
  EXPECT_EQ(to_string(rig.from(kCaller, srt_conclusion(kSocket, cookie, kPublish))), "consumed");
  const FrameFields asked = rig.own();
  EXPECT_EQ(asked.source.address, ip("10.20.0.100"));
  EXPECT_TRUE(asked.checksums_hold);
  SrtHandshake said = read_srt(asked.payload);
  EXPECT_EQ(said.peer, asked.destination.address);
  said.peer = ip("10.10.0.100");
  EXPECT_EQ(srt_handshake(said), srt_induction(kSocket, 0x99));
}

TEST(SrtClient, TheServersCookieStaysHereAndTheCallerGetsCleats) {
  SrtRig rig;
  const uint32_t given = rig.cookie(kCaller, kSocket);
  const SrtConnection asked = rig.ask(kCaller, kSocket, kPublish, given);
  const Outcome out = rig.answer_ask(asked, kSocket);
  EXPECT_EQ(to_string(out), "tx");
  EXPECT_EQ(out.fields().destination, endpoint(kCaller));
  EXPECT_TRUE(out.fields().checksums_hold);
  EXPECT_EQ(read_srt(out.fields().payload).cookie, given);

  const Outcome on = rig.from(kCaller, srt_conclusion(kSocket, given, kPublish));
  EXPECT_EQ(on.fields().destination, asked.server);
  EXPECT_EQ(on.fields().source, asked.lip);
  EXPECT_TRUE(on.fields().checksums_hold);
  EXPECT_EQ(on.fields().payload, srt_conclusion(kSocket, SrtRig::server_cookie(asked.lip), kPublish));
}

TEST(SrtClient, WhatComesBehindTheHandshakeIsPassedOn) {
  SrtRig rig;
  const SrtConnection made = rig.connect(kCaller, kSocket, kPublish, kServerSocket);
  const Outcome in = rig.from(kCaller, srt_packet(7, kServerSocket));
  EXPECT_EQ(in.fields().destination, made.server);
  EXPECT_EQ(in.fields().payload, srt_packet(7, kServerSocket));
  EXPECT_EQ(rig.replies_go_to(made), endpoint(kCaller));
  EXPECT_EQ(rig.slots_in_state(SlotState::kLive), 1U);
  EXPECT_EQ(rig.open_flows("rtc"), 1);
  EXPECT_EQ(rig.counters().srt.opened.get(), 1U);
}

TEST(SrtClient, ACallerThatRepeatsItsConclusionHasOneConnection) {
  SrtRig rig;
  const uint32_t given = rig.cookie(kCaller, kSocket);
  const SrtConnection first = rig.ask(kCaller, kSocket, kPublish, given);
  const SrtConnection second = rig.ask(kCaller, kSocket, kPublish, given);
  EXPECT_EQ(second.lip, first.lip);
  rig.answer_ask(first, kSocket);
  const Bytes concluded = srt_conclusion(kSocket, given, kPublish);
  EXPECT_EQ(rig.from(kCaller, concluded).fields().source, first.lip);
  const auto accepted = SrtRig::answer_conclusion(read_srt(concluded), kServerSocket);
  rig.from_server(first.server, first.lip, srt_handshake(accepted));
  // The answer was lost on its way: the server must be able to say it again.
  const Outcome again = rig.from(kCaller, concluded);
  EXPECT_EQ(read_srt(again.fields().payload).cookie, SrtRig::server_cookie(first.lip));
  EXPECT_EQ(rig.open_flows("rtc"), 1);
}

// What a worker that was late finds in its queue.
TEST(SrtClient, AWholeConversationMayComeInOneBurst) {
  SrtRig rig;
  const uint32_t given = rig.cookie(kCaller, kSocket);
  const auto said = [](const Bytes& payload) { return udp(kCaller, kSrtVip).payload(payload).bytes(); };
  const Bytes concluded = said(srt_conclusion(kSocket, given, kPublish));
  const std::array<Bytes, 3> burst = {said(srt_induction(kSocket)), concluded, concluded};
  for (const Outcome& out : rig.send_burst(burst)) EXPECT_EQ(to_string(out), "consumed");
  const auto own = rig.own_frames();
  ASSERT_EQ(own.size(), 3U) << "an answer, and the server is asked as often as the caller concludes";
  EXPECT_EQ(fields_of(own[1].second).source, fields_of(own[2].second).source);
  EXPECT_EQ(rig.open_flows("rtc"), 1);

  const FrameFields asked = fields_of(own[1].second);
  const SrtConnection made{asked.destination, asked.source, 0};
  rig.answer_ask(made, kSocket);
  const std::array<Bytes, 3> next = {said(srt_packet(1, kServerSocket)), concluded,
                                     said(srt_packet(2, kServerSocket))};
  for (const Outcome& out : rig.send_burst(next)) EXPECT_EQ(out.fields().destination, made.server);
}

TEST(SrtClient, APublisherAndItsPlayersMeetWhoeverComesFirst) {
  for (const bool player_first : {false, true}) {
    SrtRig rig;
    for (unsigned n = 0; n < 20; ++n) {
      const std::string name = "#!::r=live/cam" + std::to_string(n);
      const std::string port = ":" + std::to_string(41000 + n);
      const std::string publisher = "198.51.100.7" + port, player = "198.51.100.8" + port;
      const std::string publish = name + ",m=publish";
      const SrtConnection one = rig.connect(publisher, 2 * n, player_first ? name : publish, 100 + 2 * n);
      const SrtConnection other = rig.connect(player, 2 * n + 1, player_first ? publish : name, 101 + 2 * n);
      EXPECT_EQ(one.server, other.server) << name;
      EXPECT_NE(one.lip, other.lip);
    }
  }
}

TEST(SrtClient, MeetsTheTcpClientsOfItsPool) {
  SrtRig rig([](SnapshotSpec& spec) { service(spec, "rtmp").affinity = Affinity::kStream; });
  Packet packet;
  packet.src = ip("198.51.100.9");
  for (const Service& service : rig.snapshot().services)
    if (service.affinity == Affinity::kStream) packet.service = &service;
  for (unsigned n = 0; n < 20; ++n) {
    const std::string name = "cam" + std::to_string(n);
    const std::string from = "198.51.100.7:" + std::to_string(41000 + n);
    const SrtConnection made = rig.connect(from, n, "#!::r=live/" + name + ",m=publish", 100 + n);
    StreamAsk ask{StreamRole::kPlay, *StreamKey::make("", "live", name), {}, {}};
    const auto placed = place_stream(rig.worker(), rig.snapshot(), rig.now(), packet, ask);
    EXPECT_EQ(rig.snapshot().backends[placed->backend].address, made.server.address) << name;
  }
}

TEST(SrtClient, AConclusionWithoutAGoodCookieOpensNothing) {
  SrtRig rig;
  const uint32_t cookie = rig.cookie(kCaller, kSocket);
  EXPECT_EQ(to_string(rig.from(kCaller, srt_conclusion(kSocket, 0, kPublish))), "drop srt_cookie");
  EXPECT_EQ(to_string(rig.from(kCaller, srt_conclusion(kSocket, cookie ^ 1, kPublish))), "drop srt_cookie");
  EXPECT_EQ(to_string(rig.from(kCaller, srt_conclusion(kSocket + 1, cookie, kPublish))), "drop srt_cookie");
  EXPECT_EQ(to_string(rig.from(kOther, srt_conclusion(kSocket, cookie, kPublish))), "drop srt_cookie");
  rig.jump_ms(2 * kSrtCookiePeriodMs);
  EXPECT_EQ(to_string(rig.from(kCaller, srt_conclusion(kSocket, cookie, kPublish))), "drop srt_cookie");
  EXPECT_EQ(rig.entries(), 0U);
  EXPECT_TRUE(rig.own_frames().empty());
}

TEST(SrtClient, ACookieIsGoodAtAnyWorker) {
  SrtRig rig({}, 3);
  const uint32_t cookie = rig.cookie(kCaller, kSocket);
  EXPECT_EQ(to_string(rig.from(kCaller, srt_conclusion(kSocket, cookie, kPublish), 1)), "consumed");
  const FrameFields asked = rig.own(1);
  const SrtConnection made{asked.destination, asked.source, 0};
  const auto answer =
      answer_srt_induction(read_srt(srt_induction(kSocket)), SrtRig::server_cookie(made.lip), 1);
  EXPECT_EQ(to_string(rig.from_server(made.server, made.lip, srt_handshake(answer), 2)), "tx");
  EXPECT_EQ(to_string(rig.from(kCaller, srt_conclusion(kSocket, cookie, kPublish), 0)), "tx");
}

TEST(SrtClient, AServersRefusalReachesTheCaller) {
  SrtRig rig;
  const uint32_t given = rig.cookie(kCaller, kSocket);
  const SrtConnection asked = rig.ask(kCaller, kSocket, kPublish, given);
  rig.answer_ask(asked, kSocket);
  const Bytes concluded = srt_conclusion(kSocket, given, kPublish);
  rig.from(kCaller, concluded);
  SrtHandshake refusal = SrtRig::answer_conclusion(read_srt(concluded), 0);
  refusal.type = static_cast<SrtHandshakeType>(1403);
  const Outcome out = rig.from_server(asked.server, asked.lip, srt_handshake(refusal));
  EXPECT_EQ(read_srt(out.fields().payload).type, refusal.type);
  EXPECT_EQ(rig.counters().srt.refused.get(), 1U);
  rig.wait_s(20);
  EXPECT_EQ(rig.open_flows("rtc"), 0);
  const BackendId backend = rig.segment()
                                .backends()
                                .find({asked.server.address, name_hash("srs"), 0, IdentityKind::kBackend})
                                .value();
  EXPECT_EQ(rig.counters().failures[backend].unanswered.get(), 0U) << "it was there";
}

TEST(SrtClient, AServerThatIsSilentIsSuspected) {
  SrtRig rig;
  const uint32_t given = rig.cookie(kCaller, kSocket);
  const SrtConnection asked = rig.ask(kCaller, kSocket, kPublish, given);
  rig.wait_s(20);
  EXPECT_EQ(rig.entries(), 0U);
  const BackendId backend = rig.segment()
                                .backends()
                                .find({asked.server.address, name_hash("srs"), 0, IdentityKind::kBackend})
                                .value();
  EXPECT_EQ(rig.counters().failures[backend].unanswered.get(), 1U);
}

TEST(SrtClient, ACallerGoesToAnotherServerWhenItsOwnGoesBeforeItAnswers) {
  SrtRig rig;
  const uint32_t given = rig.cookie(kCaller, kSocket);
  const SrtConnection first = rig.ask(kCaller, kSocket, kPublish, given);
  rig.jump_ms(500);
  rig.reload([&](SnapshotSpec& spec) {
    for (BackendSpec& backend : pool(spec, "srs").backends)
      if (backend.address == first.server.address) backend.weight = 0;
  });
  const uint32_t fresh = rig.cookie(kCaller, kSocket);
  EXPECT_NE(rig.ask(kCaller, kSocket, kPublish, fresh).server, first.server);
}

bool is_published(SrtRig& rig) {
  const auto found = rig.segment().streams().find(rig.snapshot().pools[0].clients,
                                                  *StreamKey::make("", "live", "cam"), rig.now());
  return found && found->published;
}

// Both sides speak each second.
void talk(SrtRig& rig, const SrtConnection& made, unsigned seconds, bool server_too = true) {
  for (unsigned s = 0; s < seconds; ++s) {
    rig.from(kCaller, srt_packet(1, made.server_socket));
    if (server_too) rig.from_server(made.server, made.lip, srt_packet(0x8001, kSocket));
    rig.wait_s(1);
  }
}

TEST(SrtClient, PublishesForAsLongAsBothSidesSpeak) {
  SrtRig rig;
  const SrtConnection made = rig.connect(kCaller, kSocket, kPublish, kServerSocket);
  EXPECT_TRUE(is_published(rig)) << "from the server's answer on";
  talk(rig, made, 30);
  EXPECT_TRUE(is_published(rig));
  talk(rig, made, 10, false);
  EXPECT_FALSE(is_published(rig)) << "a server that fell silent";
  talk(rig, made, 5);
  EXPECT_TRUE(is_published(rig));
}

TEST(SrtClient, PublishesNoMoreOnceItsServerHasSaidSo) {
  SrtRig rig;
  const SrtConnection made = rig.connect(kCaller, kSocket, kPublish, kServerSocket);
  talk(rig, made, 5);
  rig.from_server(made.server, made.lip, srt_packet(0x8005, kSocket + 1));
  EXPECT_TRUE(is_published(rig)) << "it speaks to somebody else";
  EXPECT_EQ(rig.from_server(made.server, made.lip, srt_packet(0x8005, kSocket)).action, Action::kTx);
  EXPECT_FALSE(is_published(rig));
  talk(rig, made, 5, false);
  EXPECT_FALSE(is_published(rig));
}

TEST(SrtClient, WhoFollowsACallerThatTurnedToAnotherStreamIsTheOneThatEnds) {
  SrtRig rig;
  SrtConnection made = rig.connect(kCaller, kSocket, kPublish, kServerSocket);
  std::string stream;
  for (uint32_t n = 1; n <= 50 && stream.empty(); ++n) {
    const std::string other = "#!::r=live/other" + std::to_string(n);
    if (rig.connect(kOther, 50 + n, other, 100 + n).server == made.server) stream = other;
  }
  ASSERT_FALSE(stream.empty()) << "none shares its server";
  EXPECT_EQ(rig.connect(kCaller, kSocket + 1, stream, kServerSocket + 1).lip, made.lip);
  made = rig.connect(kOther, kSocket, kPublish, kServerSocket + 100);
  EXPECT_TRUE(is_published(rig));
  rig.from_server(made.server, made.lip, srt_packet(0x8005, kSocket));
  EXPECT_FALSE(is_published(rig));
}

TEST(SrtClient, PublishesForTenSecondsMoreWhenItsClientEndsIt) {
  SrtRig rig;
  const SrtConnection made = rig.connect(kCaller, kSocket, kPublish, kServerSocket);
  rig.from(kCaller, srt_packet(0x8005, kServerSocket));
  rig.from_server(made.server, made.lip, srt_packet(0x8005, kSocket));
  rig.wait_s(8);
  EXPECT_TRUE(is_published(rig));
  rig.wait_s(3);
  EXPECT_FALSE(is_published(rig));
}

TEST(SrtClient, PublishesNoMoreAtAServerWhoseHostSaysThatItIsGone) {
  SrtRig rig;
  const SrtConnection made = rig.connect(kCaller, kSocket, kPublish, kServerSocket);
  talk(rig, made, 5);
  const Bytes passed = rig.from(kCaller, srt_packet(1, made.server_socket)).frame;
  rig.send(ping(made.server.address.to_string(), made.lip.address.to_string())
               .to(kInsideMac)
               .icmp(3, 3)
               .icmp_rest(0)
               .payload(Bytes(passed.begin() + 14, passed.end())),
           kInside);
  rig.own_frames();
  EXPECT_FALSE(is_published(rig));
  talk(rig, made, 5, false);
  EXPECT_FALSE(is_published(rig)) << "its client has not noticed yet";
  rig.reload([&](SnapshotSpec& spec) {
    for (BackendSpec& backend : pool(spec, "srs").backends)
      if (backend.address == made.server.address) backend.weight = 0;
  });
  const uint32_t fresh = rig.cookie(kOther, kSocket);
  EXPECT_NE(rig.ask(kOther, kSocket, kPublish, fresh).server, made.server);
}

TEST(SrtClient, AnotherCallerFromTheSameAddressGetsItsOwnStreamsServer) {
  SrtRig rig;
  const SrtConnection first = rig.connect(kCaller, kSocket, kPublish, kServerSocket);
  unsigned shared = 0;
  for (unsigned n = 1; n <= 20; ++n) {
    const std::string stream = "#!::r=live/cam" + std::to_string(n);
    const SrtConnection player = rig.connect(kOther, 50 + n, stream + ",m=publish", 100 + n);
    const SrtConnection next = rig.connect(kCaller, kSocket + n, stream, 200 + n);
    EXPECT_EQ(next.server, player.server);
    EXPECT_EQ(rig.from(kCaller, srt_packet(1, 200 + n)).fields().destination, player.server);
    shared += next.lip == first.lip ? 1 : 0;
  }
  EXPECT_LT(shared, 20U);
}

TEST(SrtClient, RendezvousIsNotBalanced) {
  SrtRig rig;
  SrtHandshake wave = read_srt(srt_induction(kSocket));
  wave.type = SrtHandshakeType::kWaveahand;
  EXPECT_EQ(to_string(rig.from(kCaller, srt_handshake(wave))), "drop srt_rendezvous");
}

TEST(SrtClient, WhatIsDamagedIsNotRead) {
  SrtRig rig;
  EXPECT_EQ(to_string(rig.send(udp(kCaller, kSrtVip).payload(srt_induction(kSocket)).l4_checksum(0x1234))),
            "drop bad_srt");
  EXPECT_EQ(to_string(rig.from(kCaller, srt_packet(0x8001, 0))), "drop bad_srt");
  EXPECT_EQ(to_string(rig.from(kCaller, Bytes(15))), "drop bad_srt");
  EXPECT_EQ(to_string(rig.send(udp(kCaller, kSrtVip).payload(srt_induction(kSocket)).l4_checksum(0))),
            "consumed")
      << "none was made";
}

TEST(SrtClient, AFlowFromBeforeTheServiceReadSrtGoesOn) {
  SrtRig rig([](SnapshotSpec& spec) { service(spec, "rtc").affinity = Affinity::kTuple; });
  const Endpoint server = rig.from(kCaller, srt_packet(1, kServerSocket)).fields().destination;
  rig.reload([](SnapshotSpec& spec) { service(spec, "rtc").affinity = Affinity::kSrt; });
  for (const Bytes& payload : {srt_packet(1, kServerSocket), srt_packet(0x8005, kServerSocket),
                               srt_induction(kSocket), srt_conclusion(kSocket, 99, kPlay)}) {
    const Outcome out = rig.from(kCaller, payload);
    EXPECT_EQ(to_string(out), "tx");
    EXPECT_EQ(out.fields().destination, server);
    EXPECT_EQ(out.fields().payload, payload);
  }
}

TEST(SrtClient, CallersOfIpv6AreServedByServersOfIpv4) {
  SrtRig rig([](SnapshotSpec& spec) { service(spec, "rtc6").pool = "srs"; });
  const SrtConnection made = rig.connect("[2001:db8:c::7]:40000", kSocket, kPublish, kServerSocket);
  EXPECT_TRUE(made.server.address.is_v4());
  EXPECT_EQ(rig.replies_go_to(made), endpoint("[2001:db8:c::7]:40000"));
}

}  // namespace
}  // namespace lb
