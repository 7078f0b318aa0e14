// SPDX-License-Identifier: MIT
// What ends an RTMP connection before the splice, each caused once.
#include "lb/rtmp_fault.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/lb/rtmp_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

const Octets kHandshake = plain_handshake(0x11), kConnected = joined({kHandshake, connect_command()});
const Octets kHello = joined({kConnected, create_stream()});

std::string fault_of_client(const Octets& octets) {
  RtmpRig rig;
  EXPECT_EQ(rig.from_client(octets), State::kFailed);
  const size_t told = rig.to_client().size();
  EXPECT_EQ(rig.from_client(create_stream(9)), State::kFailed);
  EXPECT_EQ(rig.to_client().size(), told) << "a failed one says nothing more";
  return rig.fault();
}
std::string fault_of_server(const Octets& octets) {
  RtmpRig rig;
  rig.from_client(joined({kHello, publish()}));
  rig.open();
  EXPECT_EQ(rig.from_server(octets), State::kFailed);
  EXPECT_EQ(rig.behind(), Octets{});
  return rig.fault();
}
Octets server_says(const Octets& octets) { return joined({plain_handshake(0x22), octets}); }

TEST(RtmpFault, EachHasANameAndAText) {
  std::set<std::string_view> names;
  for (uint8_t i = 0; i < static_cast<uint8_t>(RtmpFault::kCount); ++i) {
    names.insert(rtmp_fault_name(RtmpFault{i}));
    EXPECT_GT(rtmp_fault_text(RtmpFault{i}).size(), 10U);
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(RtmpFault::kCount));
}

TEST(RtmpFault, TheFirstByteTellsWhatIsNoPlainRtmp) {
  EXPECT_EQ(fault_of_client({0x05}), "not_rtmp");
  EXPECT_EQ(fault_of_client({0x06}), "rtmp_encrypted");
  EXPECT_EQ(fault_of_client({0x16, 0x03, 0x01}), "rtmp_encrypted");
  EXPECT_EQ(fault_of_client(octets_of("POST /open/1 HTTP/1.1")), "rtmp_tunnelled");
}

TEST(RtmpFault, ChunksThatCannotBeRead) {
  EXPECT_EQ(fault_of_client(joined({kHandshake, message({.format = 3}, {1})})), "rtmp_bad_chunk");
  EXPECT_EQ(fault_of_client(joined({kHandshake, control(1, 1)})), "rtmp_bad_control");
  EXPECT_EQ(fault_of_client(joined({kHandshake, say(Octets(3000, 1))})), "rtmp_long_command");
  EXPECT_EQ(fault_of_client(
                joined({kHandshake, chunks_of({}, Octets(200, 1))[0], message({.chunk_stream = 4}, {1})})),
            "rtmp_two_commands");
  Octets many = kConnected;
  for (unsigned id = 4; id < 30; ++id) many = joined({many, message({.chunk_stream = id, .type = 9}, {1})});
  EXPECT_EQ(fault_of_client(many), "rtmp_chunk_streams");
}

TEST(RtmpFault, CommandsOutOfOrder) {
  EXPECT_EQ(fault_of_client(joined({kHandshake, create_stream()})), "rtmp_no_connect");
  EXPECT_EQ(fault_of_client(joined({kConnected, connect_command()})), "rtmp_bad_command");
  EXPECT_EQ(fault_of_client(joined({kConnected, publish()})), "rtmp_no_stream_id");
  EXPECT_EQ(fault_of_client(joined({kConnected, play()})), "rtmp_no_stream_id");
}

TEST(RtmpFault, CommandsThatCannotBeRead) {
  EXPECT_EQ(fault_of_client(joined({kHandshake, say({1, 2, 3})})), "rtmp_bad_command");
  EXPECT_EQ(fault_of_client(joined({kHandshake, say(command("connect", 1, {amf_null()}))})),
            "rtmp_bad_command");
  EXPECT_EQ(fault_of_client(joined({kHello, say(command("publish", 3, {amf_null()}))})), "rtmp_bad_name");
  EXPECT_EQ(fault_of_client(joined({kHello, publish("")})), "rtmp_bad_name");
  EXPECT_EQ(
      fault_of_client(joined({kHandshake, connect_command("rtmp://" + std::string(300, 'x') + "/live")})),
      "rtmp_bad_name");
}

TEST(RtmpFault, MoreThanIsKept) {
  const Octets data = message({.chunk_stream = 4, .type = 18}, Octets(4200, 1));
  EXPECT_EQ(fault_of_client(joined({kHandshake, data})), "rtmp_long_opening");
  RtmpRig rig;
  rig.from_client(kConnected);
  const Octets last(data.begin(), data.begin() + static_cast<long>(rig.peek().room()));
  EXPECT_EQ(rig.from_client(last), State::kFailed) << "nothing that could come has room";
  EXPECT_EQ(rig.fault(), "rtmp_long_opening");
}

TEST(RtmpFault, MoreAnswersThanThereIsRoomFor) {
  Octets many = kConnected;
  for (unsigned i = 0; i < 40; ++i) many = joined({many, say(command("_checkbw", 5, {amf_null()}))});
  EXPECT_EQ(fault_of_client(many), "rtmp_many_answers");
  RtmpRig cramped(100);
  EXPECT_EQ(cramped.from_client(kHello), State::kFailed);
  EXPECT_EQ(cramped.fault(), "rtmp_many_answers");
}

TEST(RtmpFault, AServerThatSpeaksSomethingElse) {
  EXPECT_EQ(fault_of_server(octets_of("HTTP/1.1 400")), "server_not_rtmp");
  EXPECT_EQ(fault_of_server(server_says(message({.format = 2}, {1}))), "rtmp_bad_chunk");
}

TEST(RtmpFault, AServerThatRefuses) {
  EXPECT_EQ(fault_of_server(server_says(say(command("_error", 1, {amf_null()})))), "server_refused");
  EXPECT_EQ(fault_of_server(server_says(joined({connect_result(), say(command("_error", 2, {amf_null()}))}))),
            "server_refused");
}

TEST(RtmpFault, AServerWhoseStreamTheClientWouldNotKnow) {
  EXPECT_EQ(fault_of_server(server_says(joined({connect_result(), stream_result(2, 2)}))),
            "server_stream_id");
}

TEST(RtmpFault, AServerThatCutsAMessageInTwoAroundTheSplice) {
  const Octets begun = chunks_of({.chunk_stream = 5, .type = 18}, Octets(200, 1))[0];
  EXPECT_EQ(fault_of_server(server_says(joined({connect_result(), begun, stream_result()}))),
            "server_interleaved");
}

}  // namespace
}  // namespace lb
