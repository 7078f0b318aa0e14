// SPDX-License-Identifier: MIT
#include "lb/rtmp_chunks.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/lb/rtmp_writer.h"

namespace lb {
namespace {

using test::chunks_of;
using test::control;
using test::joined;
using test::message;
using test::number;
using test::Octets;
using test::RtmpOut;

struct Read {
  std::vector<Octets> messages;  // each with its type in front
  RtmpFault fault = RtmpFault::kNone;
  uint32_t chunk_size = 0;
  bool is_between = false;
  friend bool operator==(const Read&, const Read&) = default;
};

// piece  how many bytes are given at a time
Read read(const Octets& stream, size_t piece = SIZE_MAX) {
  Read result;
  RtmpChunks chunks;
  for (size_t at = 0; at < stream.size();) {
    const size_t size = std::min(piece, stream.size() - at);
    const test::ExactOctets exact({stream.data() + at, size});
    std::span<const uint8_t> bytes = exact.view();
    while (const auto message = chunks.next(bytes))
      result.messages.push_back(joined(
          {{static_cast<uint8_t>(message->type)}, {message->payload.begin(), message->payload.end()}}));
    at += size;
  }
  result.fault = chunks.fault();
  result.chunk_size = chunks.chunk_size();
  result.is_between = chunks.is_between_messages();
  return result;
}
RtmpFault fault_of(const Octets& stream) { return read(stream).fault; }

const Octets kLong(300, 0xaa);
Octets command_of(const Octets& payload) { return joined({{20}, payload}); }
std::vector<Octets> only(const Octets& payload) { return std::vector<Octets>(1, command_of(payload)); }

TEST(RtmpChunks, PutsACommandTogetherHoweverItIsCut) {
  const Octets stream = message({}, kLong);
  for (size_t piece = 1; piece <= stream.size(); ++piece) {
    const Read result = read(stream, piece);
    EXPECT_EQ(result.messages, only(kLong)) << piece;
    EXPECT_TRUE(result.is_between);
  }
}

TEST(RtmpChunks, ReadsEveryChunkStreamId) {
  for (const unsigned id : {2U, 3U, 63U, 64U, 319U, 320U, 65599U})
    EXPECT_EQ(read(message({.chunk_stream = id}, kLong)).messages, only(kLong)) << id;
}

TEST(RtmpChunks, AHeaderMayLeaveOutWhatStays) {
  const Octets once = message({.type = 17}, Octets(9, 1));
  const Octets stream = joined({once, message({.format = 1, .type = 20}, Octets(8, 2)),
                                message({.format = 2}, Octets(8, 3)), message({.format = 3}, Octets(8, 4))});
  const std::vector<Octets> messages = {joined({{17}, Octets(9, 1)}), command_of(Octets(8, 2)),
                                        command_of(Octets(8, 3)), command_of(Octets(8, 4))};
  EXPECT_EQ(read(stream).messages, messages);
}

TEST(RtmpChunks, TakesLibrtmpsPingThatBeginsAChunkStreamWithoutAStreamId) {
  const Octets ping = message({.chunk_stream = 2, .format = 1, .type = 4}, Octets(6, 0));
  EXPECT_EQ(read(joined({ping, message({}, kLong)})).messages, only(kLong));
}

TEST(RtmpChunks, AnExtendedTimestampIsInEveryChunk) {
  EXPECT_EQ(read(message({.timestamp = 0x1000000}, kLong)).messages, only(kLong));
  EXPECT_EQ(read(message({.format = 1, .timestamp = 0xffffff}, kLong)).messages, only(kLong));
}

TEST(RtmpChunks, AChunkSizeHoldsFromTheNextChunkOn) {
  const std::vector<Octets> chunks = chunks_of({}, kLong);  // 128, 128, 44
  const Octets rest(kLong.begin() + 128, kLong.end());
  const Octets stream = joined({chunks[0], control(1, 4096), test::chunk({.format = 3}, 0, rest)});
  const Read result = read(stream);
  EXPECT_EQ(result.messages, only(kLong));
  EXPECT_EQ(result.chunk_size, 4096U);
}

TEST(RtmpChunks, AnAbortedMessageNeverWas) {
  const std::vector<Octets> chunks = chunks_of({}, kLong);
  const Octets stream = joined({chunks[0], control(2, 3), message({}, Octets(5, 7))});
  EXPECT_EQ(read(stream).messages, only(Octets(5, 7)));
  EXPECT_FALSE(read(chunks[0]).is_between);
}

TEST(RtmpChunks, AnAbortNamesItsChunkStreamByItsWholeId) {
  for (const unsigned id : {64U, 319U, 320U, 65599U}) {
    const Octets begun = chunks_of({.chunk_stream = id}, kLong)[0];
    EXPECT_EQ(read(joined({begun, control(2, id), message({}, kLong)})).messages, only(kLong)) << id;
  }
}

TEST(RtmpChunks, PassesOverMediaOfAnyLength) {
  const RtmpOut video{.chunk_stream = 6, .type = 9};
  EXPECT_EQ(read(joined({message(video, Octets(100'000, 1)), message({}, kLong)})).messages, only(kLong));
}

TEST(RtmpChunks, HandsOverWindows) {
  const Octets bandwidth = joined({number(5000, 4), {2}});
  const Octets stream =
      joined({control(5, 77), message({.chunk_stream = 2, .type = 6}, bandwidth), control(3, 1)});
  const std::vector<Octets> messages = {joined({{5}, number(77, 4)}), joined({{6}, bandwidth})};
  EXPECT_EQ(read(stream).messages, messages);
}

TEST(RtmpChunks, RefusesWhatBreaksIntoAMessage) {
  const std::vector<Octets> chunks = chunks_of({}, kLong);
  EXPECT_EQ(fault_of(joined({chunks[0], chunks[0]})), RtmpFault::kBadChunk);
  EXPECT_EQ(fault_of(joined({chunks[0], message({.format = 1}, Octets(299, 1))})), RtmpFault::kBadChunk);
  EXPECT_EQ(fault_of(message({.format = 2}, kLong)), RtmpFault::kBadChunk);
  EXPECT_EQ(fault_of(message({.format = 3}, kLong)), RtmpFault::kBadChunk);
  EXPECT_EQ(fault_of(joined({chunks[0], message({.chunk_stream = 4}, kLong)})), RtmpFault::kTwoCommands);
}

TEST(RtmpChunks, RefusesMoreThanItKeeps) {
  EXPECT_EQ(fault_of(message({}, Octets(RtmpChunks::kMaxCommand, 1))), RtmpFault::kNone);
  EXPECT_EQ(fault_of(message({}, Octets(RtmpChunks::kMaxCommand + 1, 1))), RtmpFault::kLongCommand);
  Octets stream;
  for (unsigned id = 3; id < 3 + RtmpChunks::kMaxChunkStreams; ++id)
    stream = joined({stream, message({.chunk_stream = id}, Octets(1, 1))});
  EXPECT_EQ(fault_of(stream), RtmpFault::kNone);
  EXPECT_EQ(fault_of(joined({stream, message({.chunk_stream = 900}, Octets(1, 1))})),
            RtmpFault::kManyChunkStreams);
}

TEST(RtmpChunks, RefusesBrokenControlMessages) {
  EXPECT_EQ(fault_of(control(1, 127)), RtmpFault::kBadControl);
  EXPECT_EQ(fault_of(message({.chunk_stream = 2, .type = 1}, Octets(3, 1))), RtmpFault::kBadControl);
  EXPECT_EQ(fault_of(message({.chunk_stream = 2, .type = 6}, Octets(4, 1))), RtmpFault::kBadControl);
  EXPECT_EQ(fault_of(message({.chunk_stream = 2, .type = 5}, Octets(200, 1))), RtmpFault::kBadControl);
}

// Commands one after the other, between their chunks those of media and whole control messages, chunk sizes in between.
class RandomStream {
 public:
  explicit RandomStream(unsigned seed) : random_(seed) {}

  Octets next(std::vector<Octets>& commands) {
    const Octets payload = random_octets(1 + random_() % 700), media = random_octets(random_() % 3000);
    commands.push_back(command_of(payload));
    auto command_chunks = chunks_of(
        {.chunk_stream = random_() % 2 == 0 ? 3U : 303U, .timestamp = timestamp(), .chunk = chunk_}, payload);
    auto media_chunks =
        chunks_of({.chunk_stream = 70, .type = 9, .timestamp = timestamp(), .chunk = chunk_}, media);
    Octets stream;
    for (size_t c = 0, m = 0; c < command_chunks.size() || m < media_chunks.size();) {
      const bool command = m == media_chunks.size() || (c < command_chunks.size() && random_() % 2 == 0);
      stream = joined({stream, command ? command_chunks[c++] : media_chunks[m++]});
      if (random_() % 4 == 0) stream = joined({stream, control(3, static_cast<uint32_t>(random_()))});
    }
    if (random_() % 3 == 0)
      stream = joined({stream, control(1, static_cast<uint32_t>(chunk_ = 128 + random_() % 2000))});
    return stream;
  }

 private:
  uint32_t timestamp() { return random_() % 3 == 0 ? 0xffffff + static_cast<uint32_t>(random_() % 1000) : 5; }
  Octets random_octets(size_t size) {
    Octets octets(size);
    for (uint8_t& octet : octets) octet = static_cast<uint8_t>(random_());
    return octets;
  }

  std::mt19937 random_;
  size_t chunk_ = 128;
};

TEST(RtmpChunks, FindsTheCommandsOfRandomStreams) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    RandomStream random(seed);
    Octets stream;
    std::vector<Octets> commands;
    for (unsigned i = 0; i < 6; ++i) stream = joined({stream, random.next(commands)});
    const Read whole = read(stream);
    EXPECT_EQ(whole.messages, commands) << seed;
    EXPECT_TRUE(whole.is_between) << seed;
    for (const size_t piece : {1, 7, 100, 1448})
      EXPECT_EQ(read(stream, piece), whole) << seed << " " << piece;
  }
}

}  // namespace
}  // namespace lb
