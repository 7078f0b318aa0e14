// SPDX-License-Identifier: MIT
// The window over a TCP stream, beside a plain twin that keeps a map of bytes.
#include "lb/stream_buffer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace lb {
namespace {

std::vector<uint8_t> stream(size_t begin, size_t end) {
  std::vector<uint8_t> bytes;
  for (size_t i = begin; i < end; ++i) bytes.push_back(static_cast<uint8_t>(i * 7 + i / 256));
  return bytes;
}

void expect_ready(const StreamBuffer& buffer, size_t begin, size_t end) {
  const auto ready = buffer.ready();
  EXPECT_EQ(std::vector<uint8_t>(ready.begin(), ready.end()), stream(begin, end));
}

TEST(StreamBuffer, PutsSegmentsInOrder) {
  StreamBuffer buffer;
  buffer.restart(1000);
  buffer.add(1010, stream(10, 20));
  expect_ready(buffer, 0, 0);
  buffer.add(1000, stream(0, 10));
  expect_ready(buffer, 0, 20);
}

TEST(StreamBuffer, TakesRetransmissionsThatReachFurther) {
  StreamBuffer buffer;
  buffer.restart(1000);
  buffer.add(1000, stream(0, 10));
  buffer.add(1005, stream(5, 30));
  buffer.add(995, std::vector<uint8_t>(3, 0xee));
  expect_ready(buffer, 0, 30);
}

TEST(StreamBuffer, GoesOnWhereSequenceNumbersWrap) {
  StreamBuffer buffer;
  buffer.restart(0xfffffff0);
  buffer.add(0xfffffff0, stream(0, 10));
  buffer.add(0xfffffffa, stream(10, 40));
  expect_ready(buffer, 0, 40);
}

TEST(StreamBuffer, ConsumesBytesThatHaveNotComeYet) {
  StreamBuffer buffer;
  buffer.restart(0);
  buffer.add(0, stream(0, 10));
  buffer.add(100, stream(100, 130));
  buffer.consume(110);
  expect_ready(buffer, 110, 130);
}

TEST(StreamBuffer, KeepsAWindowAndNotMore) {
  StreamBuffer buffer;
  buffer.restart(0);
  buffer.add(0, stream(0, 9000));
  EXPECT_TRUE(buffer.is_full());
  expect_ready(buffer, 0, StreamBuffer::kCapacity);
  buffer.add(20000, stream(0, 10));
  buffer.consume(StreamBuffer::kCapacity);
  expect_ready(buffer, 0, 0);
}

// Segments of one stream in any order, doubled and overlapping; what is left out comes again.
TEST(StreamBuffer, AgreesWithAMapOfBytes) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    StreamBuffer buffer;
    std::map<size_t, uint8_t> plain;
    const uint32_t first = static_cast<uint32_t>(random());
    size_t base = 0;
    buffer.restart(first);
    for (int step = 0; step < 200; ++step) {
      const size_t begin = base + random() % 600 - std::min<size_t>(base, 50),
                   end = begin + 1 + random() % 200;
      const auto bytes = stream(begin, end);
      buffer.add(first + static_cast<uint32_t>(begin), bytes);
      for (size_t i = begin; i < end; ++i)
        if (i >= base) plain[i] = bytes[i - begin];
      const auto ready = buffer.ready();
      // With too many holes bytes are left out, never wrong ones taken in.
      ASSERT_EQ(std::vector<uint8_t>(ready.begin(), ready.end()), stream(base, base + ready.size()));
      for (size_t i = base; i < base + ready.size(); ++i) ASSERT_TRUE(plain.contains(i));
      if (random() % 10 == 0) {
        const auto count = static_cast<uint32_t>(random() % (ready.size() + 20));
        buffer.consume(count);
        base += count;
      }
    }
    const size_t begin = base;
    buffer.add(first + static_cast<uint32_t>(begin), stream(begin, begin + 900));
    ASSERT_GE(buffer.ready().size(), 900U);
  }
}

TEST(StreamBuffer, TheFirstBytesAreTakenHoweverManyPiecesCameBeforeThem) {
  StreamBuffer buffer;
  buffer.restart(0);
  for (uint32_t n = 1; n <= StreamBuffer::kMaxHoles + 1; ++n) buffer.add(2 * n, stream(2 * n, 2 * n + 1));
  buffer.add(0, stream(0, 1));

  EXPECT_EQ(buffer.ready().size(), 1U);
}

}  // namespace
}  // namespace lb
