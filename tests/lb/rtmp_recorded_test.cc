// SPDX-License-Identifier: MIT
// What real clients and servers said to each other (tests/vectors/rtmp), cut everywhere.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/lb/rtmp_rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

struct Recording {
  const char* file;
  const char* name;
  bool publishes;
  size_t opening;  // bytes of the server behind its handshake and before what the client got from it
};
// The last column was read off the recordings with a decoder of their own.
const Recording kRecordings[] = {
    {"nginx_ffmpeg_publish", "127.0.0.1:21936|live|src", true, 292},
    {"nginx_ffmpeg_play", "127.0.0.1:21936|live|src", false, 292},
    {"nginx_rtmpdump_play", "127.0.0.1:21936|live|src", false, 292},
    {"nginx_gstreamer_play", "127.0.0.1:21936|live|src", false, 292},
    {"nginx_gstreamer_publish", "127.0.0.1:21936|live|grtmp2sink", true, 292},
    {"nginx_librtmp_publish", "127.0.0.1:21936|live|grtmpsink", true, 292},
    {"nginx_relay_pull", "127.0.0.1:21936|live|src", false, 292},
    {"nginx_relay_push", "127.0.0.1:21936|live|pushed", true, 292},
    {"srs_ffmpeg_publish", "10.10.0.100:1935|live|pc1", true, 1050},
    {"srs_ffmpeg_play", "10.10.0.100:1935|live|pc1", false, 984},
};

struct Streams {
  Octets client, server;
};
// Both behind a handshake: recordings begin behind theirs.
Streams read(const char* file) {
  std::ifstream in(std::string(RTMP_VECTORS) + "/recorded/" + file, std::ios::binary);
  const Octets all(std::istreambuf_iterator<char>(in), {});
  EXPECT_GT(all.size(), 2U) << file;
  if (all.size() < 2) return {};
  const auto middle = all.begin() + 2 + (all[0] << 8 | all[1]);
  return {joined({plain_handshake(1), {all.begin() + 2, middle}}),
          joined({plain_handshake(2), {middle, all.end()}})};
}

struct Outcome {
  Octets to_client, to_server, behind;
  std::string name;
  uint32_t discarded = 0, written = 0;
  bool publishes = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
// A cut in each direction: none at SIZE_MAX.
Outcome run(const Streams& streams, size_t client_cut, size_t server_cut) {
  RtmpRig rig;
  const auto cut = [](const Octets& octets, size_t at) {
    const auto middle = octets.begin() + static_cast<long>(std::min(at, octets.size()));
    return std::pair(Octets(octets.begin(), middle), Octets(middle, octets.end()));
  };
  const auto [client_first, client_second] = cut(streams.client, client_cut);
  const auto [server_first, server_second] = cut(streams.server, server_cut);
  rig.from_client(client_first);
  EXPECT_EQ(rig.from_client(client_second), State::kKeyKnown) << rig.fault();
  rig.open();
  rig.from_server(server_first);
  EXPECT_EQ(rig.from_server(server_second), State::kSpliced) << rig.fault();
  return {rig.to_client(),        rig.to_server(),      rig.behind(),          rig.name(),
          rig.peek().discarded(), rig.peek().written(), rig.peek().publishes()};
}

class RtmpRecorded : public testing::TestWithParam<Recording> {};
INSTANTIATE_TEST_SUITE_P(All, RtmpRecorded, testing::ValuesIn(kRecordings),
                         [](const auto& of) { return std::string(of.param.file); });

TEST_P(RtmpRecorded, ReachesTheSplice) {
  const Streams streams = read(GetParam().file);
  const Outcome outcome = run(streams, SIZE_MAX, SIZE_MAX);
  const size_t handshake = plain_handshake(0).size();
  EXPECT_EQ(outcome.name, GetParam().name);
  EXPECT_EQ(outcome.publishes, GetParam().publishes);
  EXPECT_EQ(outcome.discarded, handshake + GetParam().opening);
  EXPECT_EQ(outcome.behind.size(), streams.server.size() - outcome.discarded);
  EXPECT_EQ(outcome.written, outcome.to_client.size());
  EXPECT_EQ(Octets(outcome.to_server.begin() + static_cast<long>(handshake), outcome.to_server.end()),
            Octets(streams.client.begin() + static_cast<long>(handshake), streams.client.end()));
}

TEST_P(RtmpRecorded, TheSameWhereverItIsCut) {
  const Streams streams = read(GetParam().file);
  const Outcome whole = run(streams, SIZE_MAX, SIZE_MAX);
  for (size_t at = 0; at < std::max(streams.client.size(), streams.server.size()); ++at)
    ASSERT_EQ(run(streams, at, at), whole) << at;
}

// A client that never saw what was discarded needs a whole header first on each chunk stream.
TEST_P(RtmpRecorded, WhatIsBehindTheSpliceCanBeReadFromThereOn) {
  const Outcome outcome = run(read(GetParam().file), SIZE_MAX, SIZE_MAX);
  const Octets seen = joined({{outcome.to_client.begin() + 3073, outcome.to_client.end()}, outcome.behind});
  RtmpChunks chunks;
  std::span<const uint8_t> bytes(seen);
  std::vector<std::string> names;
  while (const auto message = chunks.next(bytes))
    if (const auto command = read_rtmp_command(*message)) names.emplace_back(command->name);
  EXPECT_EQ(chunks.fault(), RtmpFault::kNone);
  EXPECT_EQ(names.back(), "onStatus");
}

}  // namespace
}  // namespace lb
