// SPDX-License-Identifier: MIT
#include "lb/seam.h"

#include <gtest/gtest.h>

#include <random>

#include "lb/parse.h"
#include "lb/seam.h"
#include "tests/lb/splice_rig.h"

namespace lb::test {
namespace {

Packet parsed(Bytes& bytes) {
  Frame frame{bytes.data(), static_cast<uint16_t>(bytes.size()), 0, 0};
  Packet packet;
  EXPECT_FALSE(parse(frame, packet));
  return packet;
}

TEST(Seam, ComesOutOfItsSlotAsItWentIn) {
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) {
    const auto word = [&] { return static_cast<uint32_t>(random()); };
    const Seam in{.in = word(),
                  .out = word(),
                  .window_in = static_cast<int8_t>(word() % 31 - 15),
                  .window_out = static_cast<int8_t>(word() % 31 - 15),
                  .settling = word() % 2 == 0,
                  .publishes = word() % 2 == 0,
                  .peek = word() & 0xffffff,
                  .stream = word() & kNoStream};
    NatSlot slot{};
    put_seam(slot, in);
    const Seam out = seam_of(slot);
    EXPECT_EQ(out.in, in.in);
    EXPECT_EQ(out.out, in.out);
    EXPECT_EQ(out.window_in, in.window_in);
    EXPECT_EQ(out.window_out, in.window_out);
    EXPECT_EQ(out.settling, in.settling);
    EXPECT_EQ(out.publishes, in.publishes);
    EXPECT_EQ(out.peek, in.peek);
    EXPECT_EQ(out.stream, in.stream);
  }
}

TEST(Seam, EndOfSettlingChangesNothingElse) {
  NatSlot slot{};
  put_seam(slot, {.out = 7, .window_out = -7, .settling = true, .publishes = true, .peek = 5, .stream = 9});
  end_settling(slot);
  const Seam seam = seam_of(slot);
  EXPECT_FALSE(seam.settling);
  EXPECT_TRUE(seam.publishes);
  EXPECT_EQ(seam.out, 7U);
  EXPECT_EQ(seam.window_out, -7);
  EXPECT_EQ(seam.stream, 9U);
}

TEST(Seam, SelectiveAcknowledgementsAreTranslatedWhereverTheyStand) {
  for (const Bytes& options :
       {Bytes{1, 1, 5, 18, 0, 0, 0, 9, 0, 0, 0, 99, 0, 0, 1, 9, 0, 0, 1, 99},
        Bytes{5, 10, 0, 0, 0, 9, 0, 0, 0, 99, 1, 1}, Bytes{1, 5, 10, 0, 0, 0, 9, 0, 0, 0, 99, 1}}) {
    Bytes frame =
        tcp("198.51.100.7:40000", "10.10.0.100:1935").sequence(1000).acknowledge(5).tcp_options(options);
    join_client({.in = 10, .out = 0xffffff00}, parsed(frame));
    const SegmentSeen seen = segment_of(frame);
    EXPECT_TRUE(seen.checksums_hold);
    EXPECT_EQ(seen.sequence, 1010U);
    EXPECT_EQ(seen.acknowledgement, 5U + 0x100);
    const size_t at = options[0] == 5 ? 2 : options[1] == 5 ? 3 : 4;
    EXPECT_EQ(Bytes(seen.options.begin() + static_cast<ptrdiff_t>(at),
                    seen.options.begin() + static_cast<ptrdiff_t>(at) + 8),
              (Bytes{0, 0, 1, 9, 0, 0, 1, 0x63 /* 99 */}));
  }
}

TEST(Seam, BrokenOptionsAreLeftAsTheyAre) {
  const Bytes broken = {5, 40, 0, 0, 0, 9, 0, 0};  // longer than the header
  Bytes frame = tcp("198.51.100.7:40000", "10.10.0.100:1935").tcp_options(broken);
  join_client({.out = 1}, parsed(frame));
  EXPECT_EQ(segment_of(frame).options, broken);
  EXPECT_TRUE(segment_of(frame).checksums_hold);
}

TEST(Seam, WindowsAreScaledAndNeverWrap) {
  const auto window = [](uint16_t said, int8_t shift) {
    Bytes frame = tcp("198.51.100.7:40000", "10.10.0.100:1935").window(said);
    join_client({.window_in = shift}, parsed(frame));
    return segment_of(frame).window;
  };
  EXPECT_EQ(window(1000, 0), 1000);
  EXPECT_EQ(window(1000, 3), 8000);
  EXPECT_EQ(window(60000, 3), 65535);
  EXPECT_EQ(window(65535, 15), 65535);
  EXPECT_EQ(window(1000, -3), 125);
  EXPECT_EQ(window(7, -3), 0);
}

TEST(Seam, FastWayIsThePlainWay) {
  std::mt19937 random(5);
  const auto word = [&] { return static_cast<uint32_t>(random()); };
  for (int i = 0; i < 20'000; ++i) {
    const bool v4 = word() % 2 == 0;
    Bytes fast = (v4 ? tcp("198.51.100.7:40000", "10.10.0.100:1935")
                     : tcp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:1935"))
                     .sequence(word())
                     .acknowledge(word())
                     .window(static_cast<uint16_t>(word()))
                     .payload(Bytes(word() % 50, static_cast<uint8_t>(word())));
    Bytes plain = fast;
    const Seam seam{.in = word(), .out = word(), .window_in = static_cast<int8_t>(word() % 31 - 15)};
    join_plain(to_server(seam), parsed(fast));
    join_client(seam, parsed(plain));
    ASSERT_EQ(difference(fast, plain), "");
    ASSERT_TRUE(segment_of(plain).checksums_hold);
  }
}

}  // namespace
}  // namespace lb::test
