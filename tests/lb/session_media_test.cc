// SPDX-License-Identifier: MIT
// What media shows in the clear, and of which session it may be.
#include "lb/session_media.h"

#include <gtest/gtest.h>

#include "tests/lb/ice_rig.h"
#include "tests/lb/segment_memory.h"

namespace lb {
namespace {

using test::Bytes;
using Indices = std::vector<SessionIndex>;

constexpr Now kNow{50'000'000};
constexpr ListenerId kPool = 7;
constexpr uint32_t kSsrc = 0x11223344;

class SessionMedia : public testing::Test {
 protected:
  SessionIndex learn(unsigned n, ListenerId pool = kPool) {
    return tables_.learn(hand_, pool, "name" + std::to_string(n) + ":c", 5, Rung::kWhip, kNow)->index;
  }
  void forget(SessionIndex index) { tables_.forget(index, *Sessions::read(tables_.sessions.at(index))); }
  void note(SessionIndex index, uint32_t ssrc, uint16_t sequence) {
    note_rtp(tables_, index, {ssrc, sequence}, kNow.tick());
  }
  std::optional<SessionIndex> whose(uint32_t ssrc, unsigned sequence, unsigned ticks = 0,
                                    ListenerId pool = kPool) {
    const auto found = session_of_rtp(tables_, pool, {ssrc, static_cast<uint16_t>(sequence)},
                                      static_cast<Tick>(kNow.tick() + ticks));
    return found ? std::optional(found->index) : std::nullopt;
  }
  Indices candidates(const Bytes& packet, ListenerId pool = kPool) {
    const Candidates found = sessions_of_srtcp(tables_, pool, *srtcp_place(packet), 3, kNow.tick());
    return {found.sessions.begin(), found.sessions.begin() + found.count};
  }
  test::SegmentMemory memory_{{.flows_v4 = 1024, .flows_wide = 1024, .lips = 1, .sessions = 1024}};
  Segment segment_ = memory_.format(kNow);
  SessionTables& tables_ = segment_.sessions();
  SessionIndex hand_ = 0;
};

TEST_F(SessionMedia, ReadsWhereRtpIs) {
  const auto place = rtp_place(test::rtp(kSsrc, 0xfedc));
  ASSERT_TRUE(place);
  EXPECT_EQ(place->ssrc, kSsrc);
  EXPECT_EQ(place->sequence, 0xfedc);
  EXPECT_FALSE(rtp_place(Bytes(11, 0x80)));
  EXPECT_TRUE(rtp_place(Bytes(12, 0x80)));
}

TEST_F(SessionMedia, ReadsTheSrtcpIndexByBothLayouts) {
  EXPECT_EQ(srtcp_place(test::srtcp(0x7fffffff, false, kSsrc))->index_cm, 0x7fffffffU);
  EXPECT_EQ(srtcp_place(test::srtcp(12345, true, kSsrc))->index_gcm, 12345U);
  EXPECT_EQ(srtcp_place(test::srtcp(1, false, kSsrc))->ssrc, kSsrc);
  EXPECT_FALSE(srtcp_place(Bytes(21, 0x80)));
  EXPECT_TRUE(srtcp_place(Bytes(22, 0x80)));
}

TEST_F(SessionMedia, APublisherIsKnownByItsSsrcInItsPool) {
  const SessionIndex mine = learn(1);
  note(mine, kSsrc, 100);

  EXPECT_EQ(whose(kSsrc, 101), mine);
  EXPECT_FALSE(whose(kSsrc + 1, 101));
  EXPECT_FALSE(whose(kSsrc, 101, 0, kPool + 1));
  forget(mine);
  EXPECT_FALSE(whose(kSsrc, 101));
}

TEST_F(SessionMedia, ASequenceNumberMustFitTheTimeThatPassed) {
  note(learn(1), kSsrc, 100);

  EXPECT_TRUE(whose(kSsrc, 100 - 64)) << "out of order";
  EXPECT_FALSE(whose(kSsrc, 100U - 65));
  EXPECT_TRUE(whose(kSsrc, 100 + 2048)) << "8,192 a second for a quarter of one";
  EXPECT_FALSE(whose(kSsrc, 100 + 2049));
  EXPECT_TRUE(whose(kSsrc, 100 + 2049, 1));
  EXPECT_TRUE(whose(kSsrc, 100 + 0x7fff, 1000));
  EXPECT_FALSE(whose(kSsrc, 100 + 0x8000, 1000)) << "half of all numbers are behind";
}

TEST_F(SessionMedia, SequenceNumbersWrap) {
  note(learn(1), kSsrc, 0xfffe);
  EXPECT_TRUE(whose(kSsrc, 3));
  note(learn(2), kSsrc + 1, 3);
  EXPECT_TRUE(whose(kSsrc + 1, 0xffff));
}

TEST_F(SessionMedia, AnSsrcOfTwoSessionsNamesTheFirst) {
  const SessionIndex first = learn(1), second = learn(2);
  note(first, kSsrc, 100);
  note(second, kSsrc, 5000);

  EXPECT_EQ(whose(kSsrc, 101), first);
  EXPECT_FALSE(whose(kSsrc, 5001));
}

TEST_F(SessionMedia, ASessionHasSoManySsrcsAndNoMore) {
  const SessionIndex mine = learn(1);
  for (uint32_t n = 0; n <= kSessionSsrcs; ++n) note(mine, kSsrc + n, 1);

  EXPECT_TRUE(whose(kSsrc + kSessionSsrcs - 1, 2));
  EXPECT_FALSE(whose(kSsrc + kSessionSsrcs, 2));
  note(mine, kSsrc, 500);
  EXPECT_TRUE(whose(kSsrc, 501)) << "those it has go on";
}

TEST_F(SessionMedia, SsrcZeroIsNotNoted) {
  note(learn(1), 0, 1);
  EXPECT_FALSE(whose(0, 2));
}

TEST_F(SessionMedia, APlayerIsKnownByAnIndexThatGoesOnByOneToThree) {
  for (const bool gcm : {false, true}) {
    const SessionIndex mine = learn(gcm ? 2 : 1);
    note_srtcp(tables_, mine, *srtcp_place(test::srtcp(1000, gcm)));
    for (const uint32_t step : {1U, 2U, 3U})
      EXPECT_EQ(candidates(test::srtcp(1000 + step, gcm)), Indices{mine}) << gcm << step;
    for (const uint32_t index : {1000U, 999U, 1004U})
      EXPECT_TRUE(candidates(test::srtcp(index, gcm)).empty());
    EXPECT_TRUE(candidates(test::srtcp(1001, gcm, 2)).empty()) << "another SSRC";
    EXPECT_TRUE(candidates(test::srtcp(1001, gcm), kPool + 1).empty());
    forget(mine);
    EXPECT_TRUE(candidates(test::srtcp(1001, gcm)).empty());
  }
}

TEST_F(SessionMedia, TheSrtcpIndexWrapsAt31Bits) {
  const SessionIndex mine = learn(1);
  note_srtcp(tables_, mine, *srtcp_place(test::srtcp(0x7fffffff)));
  EXPECT_EQ(candidates(test::srtcp(1)), Indices{mine});
}

TEST_F(SessionMedia, OfManyThatFitSixteenAreAsked) {
  for (unsigned n = 0; n < 50; ++n) note_srtcp(tables_, learn(n), *srtcp_place(test::srtcp(7)));
  EXPECT_EQ(candidates(test::srtcp(8)).size(), kMaxCandidates);
}

}  // namespace
}  // namespace lb
