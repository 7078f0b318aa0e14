// SPDX-License-Identifier: MIT
#include "lb/srt_handshake.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/lb/hex.h"
#include "tests/lb/packet_path.h"

namespace lb {
namespace {

using test::ExactOctets;
using test::Octets;

// What ffmpeg with libsrt 1.5.1 sent to itself on 127.0.0.1.
Octets recorded(const std::string& name) {
  std::ifstream file(std::string(SRT_VECTORS) + "/" + name + ".bin", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<SrtHandshake> parse(const Octets& octets) {
  const ExactOctets exact(octets);
  const test::OnPacketPath here("parse_srt_handshake()");
  return parse_srt_handshake(exact.view());
}

std::string stream_id_of(const Octets& octets) {
  const auto handshake = parse(octets);
  return handshake ? std::string(handshake->stream_id.view()) : "none";
}

Octets conclusion(std::string_view extensions_hex, uint8_t version = 5, uint8_t flags = 5) {
  Octets octets = recorded("conclusion");
  octets.resize(64);
  octets[19] = version;
  octets[23] = flags;
  const Octets extensions = test::from_hex(extensions_hex);
  octets.insert(octets.end(), extensions.begin(), extensions.end());
  return octets;
}

TEST(SrtHandshake, OfLibsrtIsRead) {
  const auto asked = parse(recorded("induction"));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->type, SrtHandshakeType::kInduction);
  EXPECT_EQ(asked->version, 4U);
  EXPECT_EQ(asked->extension, 2U);
  EXPECT_EQ(asked->destination, 0U);
  EXPECT_EQ(asked->timestamp_us, 0x87U);
  EXPECT_EQ(asked->initial_sequence, 0x5a727193U);
  EXPECT_EQ(asked->mtu, 1500U);
  EXPECT_EQ(asked->flow_window, 8192U);
  EXPECT_EQ(asked->socket_id, 0x208897a7U);
  EXPECT_EQ(asked->cookie, 0U);
  EXPECT_EQ(asked->peer.to_string(), "127.0.0.1");
  EXPECT_EQ(asked->stream_id.length, 0U);
}

TEST(SrtHandshake, AConclusionBringsTheCookieAndTheStreamId) {
  const auto concluded = parse(recorded("conclusion"));
  ASSERT_TRUE(concluded);
  EXPECT_EQ(concluded->type, SrtHandshakeType::kConclusion);
  EXPECT_EQ(concluded->version, 5U);
  EXPECT_EQ(concluded->cookie, parse(recorded("induction_answer"))->cookie);
  EXPECT_EQ(concluded->stream_id.view(), "#!::r=live/cam,m=publish");
  EXPECT_EQ(stream_id_of(recorded("encrypted_conclusion")),
            "#!::h=cam.example.com,r=live/room/cam,m=publish,k=v");
  EXPECT_EQ(stream_id_of(recorded("conclusion_answer")), "");
}

TEST(SrtHandshake, AnInductionIsAnsweredAsLibsrtDoes) {
  const auto asked = parse(recorded("induction")), libsrts = parse(recorded("induction_answer"));
  const auto answer =
      build_srt_handshake(answer_srt_induction(*asked, libsrts->cookie, libsrts->timestamp_us));
  EXPECT_EQ(test::to_hex(answer), test::to_hex(recorded("induction_answer")));
}

// What a balancer sends to the server that it picked: the caller's own beginning, once more.
TEST(SrtHandshake, OfACallersConclusionItsInductionCanBeMade) {
  SrtHandshake handshake =
      srt_induction_before(*parse(recorded("conclusion")), *IpAddress::parse("127.0.0.1"));
  handshake.timestamp_us = 0x87;
  EXPECT_EQ(test::to_hex(build_srt_handshake(handshake)), test::to_hex(recorded("induction")));
}

TEST(SrtHandshake, IsReadBackAsItWasBuilt) {
  SrtHandshake handshake = *parse(recorded("conclusion"));
  for (const char* address : {"192.0.2.1", "2001:db8:1:2:3:4:5:6", "2001:db8::1"}) {
    handshake.peer = *IpAddress::parse(address);
    const auto octets = build_srt_handshake(handshake);
    const auto again = parse_srt_handshake(octets);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->peer, handshake.peer) << address;
    EXPECT_EQ(test::to_hex(build_srt_handshake(*again)), test::to_hex(octets));
  }
}

TEST(SrtHandshake, TheStreamIdIsInWordsThatAreReversed) {
  EXPECT_EQ(stream_id_of(conclusion("0005 0002 64636261 00006665")), "abcdef");
  EXPECT_EQ(stream_id_of(conclusion("0005 0001 64636261")), "abcd");
  EXPECT_EQ(stream_id_of(conclusion("0005 0002 00636261 68676665")), "abc");
  EXPECT_EQ(stream_id_of(conclusion("0005 0001 64636261 0005 0001 00000078")), "x");
  EXPECT_EQ(stream_id_of(conclusion("0005 0000")), "");
}

TEST(SrtHandshake, TheStreamIdIsReadWhereLibsrtReadsIt) {
  const std::string_view extensions = "0001 0001 00000000 0005 0001 64636261";
  EXPECT_EQ(stream_id_of(conclusion(extensions)), "abcd");
  EXPECT_EQ(stream_id_of(conclusion(extensions, 5, 1)), "");
  EXPECT_EQ(stream_id_of(conclusion(extensions, 4, 5)), "");
  EXPECT_EQ(stream_id_of(conclusion("0005 0080" + std::string(128 * 8, '6'))), std::string(512, 'f'));
  EXPECT_EQ(stream_id_of(conclusion("0005 0081" + std::string(129 * 8, '6'))), "none");
}

TEST(SrtHandshake, ThatEndsTooEarlyIsNone) {
  const Octets whole = recorded("conclusion");
  for (size_t n = 0; n < whole.size(); ++n) {
    const std::string cut = stream_id_of(Octets(whole.begin(), whole.begin() + static_cast<long>(n)));
    // Between two extensions, or in the header of one, a cut cannot be seen.
    const bool unseen = (n >= 64 && n < 68) || (n >= 80 && n < 84);
    EXPECT_EQ(cut, unseen ? "" : "none") << n;
  }
}

TEST(SrtHandshake, OtherPacketsAreNone) {
  Octets octets = recorded("induction");
  octets[1] = 1;  // KEEPALIVE
  EXPECT_FALSE(parse(octets));
  octets[0] = octets[1] = 0;  // data
  EXPECT_FALSE(parse(octets));
  EXPECT_FALSE(parse({}));
}

}  // namespace
}  // namespace lb
