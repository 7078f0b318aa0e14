// SPDX-License-Identifier: MIT
// From the client's first byte to the splice, with peers of few words.
#include "lb/rtmp_peek.h"

#include <gtest/gtest.h>

#include "tests/lb/rtmp_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

const Octets kHandshake = plain_handshake(0x11), kServerHandshake = plain_handshake(0x22);
const Octets kHello = joined({kHandshake, connect_command(), create_stream()});
const Octets kMedia(500, 0x99);

Octets tail(const Octets& octets, size_t from) {
  return {octets.begin() + static_cast<long>(from), octets.end()};
}

// The commands in what a client was told behind the handshake: name, transaction, and a stream id where there is one.
std::vector<std::string> told(const RtmpRig& rig) {
  std::vector<std::string> commands;
  const Octets all = tail(rig.to_client(), kHandshake.size());
  std::span<const uint8_t> bytes(all);
  RtmpChunks chunks;
  while (const auto message = chunks.next(bytes)) {
    const auto command = read_rtmp_command(*message);
    if (!command) continue;
    const auto id = read_rtmp_stream_id(command->arguments);
    commands.push_back(std::string(command->name) + " " +
                       std::to_string(static_cast<int>(command->transaction)) +
                       (id ? " stream " + std::to_string(static_cast<int>(*id)) : ""));
  }
  EXPECT_EQ(chunks.fault(), RtmpFault::kNone);
  return commands;
}

TEST(RtmpPeek, AnswersUntilTheStreamIsNamed) {
  RtmpRig rig;
  EXPECT_EQ(rig.from_client(kHello), State::kMore);
  EXPECT_EQ(told(rig), (std::vector<std::string>{"_result 1", "_result 2 stream 1"}));
  EXPECT_EQ(rig.from_client(publish("cam?token=x")), State::kKeyKnown);
  EXPECT_EQ(rig.name(), "cdn.example|live|cam");
  EXPECT_TRUE(rig.peek().publishes());
  EXPECT_EQ(rig.peek().written(), rig.to_client().size());
}

// Some players carry the chunk size of an earlier connection into the next one (ossrs/srs issue 454).
TEST(RtmpPeek, ConnectIsAnsweredInOneChunkWithTheClientsObjectEncoding) {
  RtmpRig rig;
  rig.from_client(joined({kHandshake, connect_command()}));
  const Octets answers = tail(rig.to_client(), kHandshake.size());
  const Octets result =
      joined({amf("_result"), amf(1.0), amf_object({amf_key("fmsVer"), amf("FMS/3,5,3")}),
              amf_object({amf_key("level"), amf("status"), amf_key("code"),
                          amf("NetConnection.Connect.Success"), amf_key("objectEncoding"), amf(3.0)})});
  const Octets bandwidth = message({.chunk_stream = 2, .type = 6}, joined({number(2'500'000, 4), {2}}));
  EXPECT_EQ(answers, joined({control(5, 2'500'000), bandwidth, say(result)}));
  EXPECT_LE(result.size(), 128U);
}

TEST(RtmpPeek, KnowsAPlayerFromAPublisher) {
  RtmpRig rig;
  EXPECT_EQ(rig.from_client(joined({kHello, play()})), State::kKeyKnown);
  EXPECT_FALSE(rig.peek().publishes());
}

TEST(RtmpPeek, TheServerReadsTheClientsVeryBytes) {
  RtmpRig rig;
  const Octets said = joined({kHello, publish(), kMedia});
  rig.from_client(said);
  rig.open();
  EXPECT_EQ(rig.to_server().size(), 1537U);
  rig.from_server(kServerHandshake);
  EXPECT_EQ(rig.to_server().size(), kHello.size());
  EXPECT_EQ(rig.from_server(joined({connect_result(), stream_result()})), State::kSpliced);
  EXPECT_EQ(rig.to_server().size(), said.size());
  EXPECT_EQ(tail(rig.to_server(), kHandshake.size()), tail(said, kHandshake.size()));
}

TEST(RtmpPeek, C2IsTheServersS1) {
  RtmpRig rig;
  rig.from_client(joined({kHello, publish()}));
  rig.open();
  rig.from_server({kServerHandshake.begin(), kServerHandshake.begin() + 1537});
  EXPECT_EQ(tail(rig.to_server(), 1537),
            Octets(kServerHandshake.begin() + 1, kServerHandshake.begin() + 1537));
}

TEST(RtmpPeek, TheSpliceIsWhereCreateStreamsAnswerEnds) {
  const Octets before = joined({kServerHandshake, connect_result(), say(command("onBWDone", 0, {amf_null()})),
                                stream_result()}),
               behind = say(command("onStatus", 0, {amf_null()}));
  for (const size_t piece : {1, 13, 128, 100000}) {
    RtmpRig rig;
    rig.from_client(joined({kHello, play()}), piece);
    const size_t told_before = rig.to_client().size();
    rig.open();
    EXPECT_EQ(rig.from_server(joined({before, behind}), piece), State::kSpliced);
    EXPECT_EQ(rig.behind(), behind) << piece;
    EXPECT_EQ(rig.peek().discarded(), before.size());
    EXPECT_EQ(rig.peek().written(), told_before);
  }
}

TEST(RtmpPeek, WhatTheServerToldOtherwiseIsPutRightAtTheSplice) {
  const Octets bandwidth = message({.chunk_stream = 2, .type = 6}, joined({number(7000, 4), {1}}));
  RtmpRig rig;
  rig.from_client(joined({kHello, play()}));
  const size_t told_before = rig.to_client().size();
  rig.open();
  rig.from_server(joined(
      {kServerHandshake, control(5, 6000), bandwidth, control(1, 60000), connect_result(), stream_result()}));
  EXPECT_EQ(tail(rig.to_client(), told_before), joined({control(5, 6000), bandwidth, control(1, 60000)}));
  EXPECT_EQ(rig.peek().written(), rig.to_client().size());
}

TEST(RtmpPeek, ABandwidthIsRepeatedIfItsFigureOrItsKindIsAnother) {
  for (const auto& [bytes, limit] : {std::pair(2'500'000U, uint8_t{1}), std::pair(1000U, uint8_t{2})}) {
    const Octets bandwidth = message({.chunk_stream = 2, .type = 6}, joined({number(bytes, 4), {limit}}));
    RtmpRig rig;
    rig.from_client(joined({kHello, play()}));
    const size_t told_before = rig.to_client().size();
    rig.open();
    rig.from_server(joined({kServerHandshake, bandwidth, connect_result(), stream_result()}));
    EXPECT_EQ(tail(rig.to_client(), told_before), bandwidth);
  }
}

TEST(RtmpPeek, WhatTheClientSaysWhileTheServerOpensIsKept) {
  RtmpRig rig;
  rig.from_client(joined({kHello, publish()}));
  rig.open();
  rig.from_client(kMedia);
  rig.from_server(kServerHandshake);
  rig.from_client(Octets(rig.peek().room(), 0x77));
  EXPECT_EQ(rig.peek().room(), 0U);
  EXPECT_EQ(rig.from_server(joined({connect_result(), stream_result()})), State::kSpliced);
  EXPECT_EQ(rig.to_server().size(), RtmpPeek::kMostToServer);
}

TEST(RtmpPeek, AnswersWhatPublishersWaitFor) {
  RtmpRig rig;
  rig.from_client(
      joined({kHandshake, connect_command(), say(command("releaseStream", 2, {amf_null(), amf("cam")})),
              say(command("FCPublish", 3, {amf_null(), amf("cam")})),
              say(command("_checkbw", 4, {amf_null()})), say(command("noAnswerPlease", 0, {amf_null()})),
              say(command("_error", 5, {amf_null()})), create_stream(6)}));
  EXPECT_EQ(told(rig), (std::vector<std::string>{"_result 1", "_result 2", "_result 3", "_result 4",
                                                 "_result 6 stream 1"}));
}

TEST(RtmpPeek, BehindCreateStreamWhateverNamesTheStreamOpensTheServer) {
  for (const char* name : {"getStreamLength", "FCSubscribe", "FCPublish", "releaseStream"}) {
    RtmpRig rig;
    EXPECT_EQ(rig.from_client(joined({kHello, say(command(name, 3, {amf_null(), amf("cam")}))})),
              State::kKeyKnown)
        << name;
    EXPECT_EQ(rig.name(), "cdn.example|live|cam");
    EXPECT_EQ(rig.peek().publishes(), name[0] != 'g' && name[2] != 'S') << name;
    EXPECT_EQ(told(rig).size(), 2U) << "the server answers it";
  }
}

TEST(RtmpPeek, ReadsCommandsOfAnAmf3Client) {
  const auto amf3 = [](const Octets& payload) { return message({.type = 17}, joined({{0}, payload})); };
  RtmpRig rig;
  rig.from_client(joined({kHandshake, connect_command(), amf3(command("createStream", 2, {amf_null()}))}));
  EXPECT_EQ(rig.from_client(amf3(command("play", 3, {amf_null(), amf("cam")}))), State::kKeyKnown);
}

TEST(RtmpPeek, TheSpliceIsBehindTheLastOfSeveralStreams) {
  for (const double second : {2.0, 3.0}) {
    RtmpRig rig;
    rig.from_client(joined({kHello, create_stream(second), publish()}));
    rig.open();
    EXPECT_EQ(rig.from_server(joined({kServerHandshake, connect_result(), stream_result(2)})),
              State::kOpening);
    EXPECT_EQ(rig.from_server(joined({stream_result(second), Octets{9}})), State::kSpliced);
    EXPECT_EQ(rig.behind(), Octets{9});
  }
}

TEST(RtmpPeek, OtherResultsAreNotTakenForTheStreams) {
  RtmpRig rig;
  rig.from_client(joined({kHandshake, connect_command("rtmp://h/live", 1), create_stream(1), play()}));
  rig.open();
  EXPECT_EQ(rig.from_server(joined({kServerHandshake, connect_result(1), stream_result(9, 5)})),
            State::kOpening);
  EXPECT_EQ(rig.from_server(stream_result(1)), State::kSpliced);
}

TEST(RtmpPeek, RoomIsWhatTheClientMaySay) {
  RtmpRig rig;
  EXPECT_EQ(rig.peek().room(), kHandshake.size() + RtmpPeek::kRawBytes);
  rig.from_client({kHandshake.begin(), kHandshake.begin() + 2000});
  EXPECT_EQ(rig.peek().room(), kHandshake.size() - 2000 + RtmpPeek::kRawBytes);
  rig.from_client(joined({tail(kHandshake, 2000), connect_command()}));
  EXPECT_EQ(rig.peek().room(), RtmpPeek::kRawBytes - connect_command().size());
}

}  // namespace
}  // namespace lb
