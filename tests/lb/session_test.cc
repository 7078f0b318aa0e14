// SPDX-License-Identifier: MIT
// The record of an ICE session: its uses, its addresses, its keys; and the tables in which it is found.
#include "lb/session.h"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "tests/lb/segment_memory.h"

namespace lb {
namespace {

constexpr Now kNow{50'000'000};
constexpr uint16_t kPool = 7, kListener = 3;
const std::string kLongest = std::string(32, 's') + ":" + std::string(kMaxSessionName - 33, 'c');

IpAddress client(unsigned n) { return IpAddress::v4(be32::of(0xcb007100U + n)); }
HmacSha1Key key_of(uint8_t n) { return HmacSha1Key(std::array<uint8_t, 3>{n, 2, 3}); }
bool equal(const HmacSha1Key& a, const HmacSha1Key& b) {
  using Words = std::array<uint64_t, sizeof(HmacSha1Key) / 8>;
  return std::bit_cast<Words>(a) == std::bit_cast<Words>(b);
}

class SessionTest : public testing::Test {
 protected:
  static constexpr uint32_t kCount = 256;

  std::optional<SessionIndex> claim(std::string_view name = "abcd:CLI1") {
    return sessions_.claim(hand_, name, kPool, 5, Rung::kWhip, kNow);
  }
  Session& open(std::string_view name = "abcd:CLI1") {
    Session& session = sessions_.at(*claim(name));
    Sessions::publish(session);
    return session;
  }
  TupleFound add(Session& session, unsigned n, Tick tick, unsigned current = 0) {
    evicted_.reset();
    return Sessions::add_tuple(session, current, client(n), 4000, kListener, TupleState::kUnproven, false,
                               tick, evicted_);
  }
  static TupleFound find(const Session& session, unsigned n) {
    return Sessions::find_tuple(session, client(n), 4000, kListener);
  }

  const std::unique_ptr<Session[]> records_{new Session[kCount]()};
  const Sessions sessions_{records_.get(), kCount};
  SessionIndex hand_ = 0;
  std::optional<TupleAddress> evicted_;
};

TEST(SessionControl, ItsFieldsDoNotTouchEachOther) {
  std::mt19937_64 random(1);
  SessionControl control;
  BackendId backend = 0;
  SlotIndex slot = 0;
  unsigned current = 0;
  std::array<KeyState, 2> keys{};
  for (int round = 0; round < 100'000; ++round) {
    switch (random() % 4) {
      case 0:
        control = control.with_backend(backend = random() % 4096);
        break;
      case 1:
        control = control.with_slot(slot = random() % (1U << 26));
        break;
      case 2:
        control = control.with_current(current = random() % 4);
        break;
      default:
        const auto whose = random() % 2;
        control =
            control.with_key(static_cast<KeyOf>(whose), keys[whose] = static_cast<KeyState>(random() % 3));
    }
    ASSERT_EQ(control.backend(), backend);
    ASSERT_EQ(control.slot(), slot);
    ASSERT_EQ(control.current(), current);
    ASSERT_EQ(control.key(KeyOf::kServer), keys[0]);
    ASSERT_EQ(control.key(KeyOf::kClient), keys[1]);
    ASSERT_EQ(control.generation(), 0U);
    ASSERT_EQ(control.state(), SessionState::kFree);
  }
}

TEST(SessionControl, TheNextUseHasAnotherGenerationAndNothingOfTheLast) {
  SessionControl control = SessionControl().next_use(SessionState::kOpen, 9, Rung::kHash).with_current(3);
  for (unsigned use = 2; use < 600; ++use) {
    const SessionControl next = control.with_slot(5)
                                    .with_key(KeyOf::kClient, KeyState::kThere)
                                    .next_use(SessionState::kOpen, 4095, Rung::kTuple);
    ASSERT_FALSE(next.same_use(control));
    ASSERT_EQ(next.generation(), use % 256);
    ASSERT_EQ(next.backend(), 4095U);
    ASSERT_EQ(next.rung(), Rung::kTuple);
    ASSERT_EQ(next.slot(), kNoSlot);
    ASSERT_EQ(next.current(), 0U);
    ASSERT_EQ(next.key(KeyOf::kClient), KeyState::kNone);
    control = next;
  }
}

TEST(TupleControl, ProofNominationAndTickDoNotMakeAnotherUse) {
  const TupleControl control(TupleState::kUnproven, false, 0x1fff, 0xffff, 0xfffe, 0xfffd);
  for (const TupleControl other : {control.proven(), control.with_nominated(true), control.with_tick(0)})
    EXPECT_TRUE(other.same_use(control));
  EXPECT_EQ(control.proven().with_tick(1).with_nominated(true).port(), 0xfffe);
  EXPECT_EQ(control.generation(), 0x1fffU);
  EXPECT_FALSE(TupleControl(TupleState::kUnproven, false, 0x1ffe, 0xffff, 0xfffe, 0).same_use(control));
  EXPECT_FALSE(TupleControl(TupleState::kUnproven, false, 0x1fff, 0xffff, 0xffff, 0).same_use(control));
  EXPECT_FALSE(control.emptied().same_use(control));
  EXPECT_NE(control.emptied().generation(), control.generation())
      << "so that nobody takes one use for another";
}

TEST_F(SessionTest, AClaimedRecordIsNobodysUntilItIsPublished) {
  Session& session = sessions_.at(*claim());

  EXPECT_FALSE(Sessions::read(session));
  EXPECT_FALSE(Sessions::has_name(session, "abcd:CLI1"));
  EXPECT_EQ(Sessions::name_of(session).length, 0U);
  Sessions::publish(session);

  const auto control = Sessions::read(session);
  ASSERT_TRUE(control);
  EXPECT_EQ(control->backend(), 5U);
  EXPECT_EQ(control->rung(), Rung::kWhip);
  EXPECT_EQ(control->slot(), kNoSlot);
  EXPECT_EQ(session.opened_ms.load(), kNow.ms);
  EXPECT_EQ(session.pool.load(), kPool);
  EXPECT_TRUE(Sessions::has_name(session, "abcd:CLI1"));
}

TEST_F(SessionTest, AnAbandonedRecordIsFreeAgain) {
  Session& session = sessions_.at(*claim());
  Sessions::abandon(session);

  EXPECT_FALSE(Sessions::read(session));
  hand_ = 0;
  EXPECT_EQ(&sessions_.at(*claim()), &session);
}

TEST_F(SessionTest, AClaimLooksAtAFewRecordsAndGoesOnBehindThemNextTime) {
  for (unsigned i = 0; i < Sessions::kLooks; ++i) open();
  hand_ = 0;
  EXPECT_FALSE(claim());
  EXPECT_EQ(claim(), Sessions::kLooks);
  for (unsigned i = Sessions::kLooks + 1; i < kCount; ++i) ASSERT_TRUE(claim());
  EXPECT_EQ(hand_, 0U);
  for (unsigned i = 0; i < 2 * kCount / Sessions::kLooks; ++i) EXPECT_FALSE(claim()) << "all are taken";
}

TEST_F(SessionTest, NamesOfAnyLengthAreKeptAndToldApart) {
  for (size_t length = 1; length <= kMaxSessionName; ++length) {
    const std::string name = kLongest.substr(0, length);
    const Session& session = open(name);
    EXPECT_EQ(Sessions::name_of(session).view(), name);
    EXPECT_TRUE(Sessions::has_name(session, name));
    EXPECT_FALSE(Sessions::has_name(session, name.substr(1)));
    std::string other = name;
    other.back() ^= 1;
    EXPECT_FALSE(Sessions::has_name(session, other));
  }
}

TEST_F(SessionTest, WhoSawAnEarlierStateClosesNothing) {
  Session& session = open();
  const SessionControl seen = *Sessions::read(session);
  SessionControl mine = seen;
  ASSERT_TRUE(Sessions::change(session, mine, seen.with_slot(77)));

  EXPECT_FALSE(Sessions::close(session, seen));
  SessionControl stale = seen;
  EXPECT_FALSE(Sessions::change(session, stale, seen.with_current(1)));
  EXPECT_EQ(stale.slot(), 77U) << "what it has become";
  EXPECT_TRUE(Sessions::close(session, stale));
  EXPECT_FALSE(Sessions::read(session));
}

TEST_F(SessionTest, ANewUseHasNothingOfTheOldOne) {
  Session& session = open();
  SessionControl control = *Sessions::read(session);
  add(session, 1, kNow.tick());
  Sessions::put_key(session, control, KeyOf::kServer, key_of(1));
  session.moves = 3;
  session.ssrcs[0] = 99;
  ASSERT_TRUE(Sessions::close(session, control));

  hand_ = 0;
  ASSERT_EQ(&open("efgh:CLI2"), &session);
  const SessionControl next = *Sessions::read(session);
  EXPECT_FALSE(next.same_use(control));
  EXPECT_FALSE(find(session, 1));
  EXPECT_FALSE(Sessions::key(session, next, KeyOf::kServer));
  EXPECT_FALSE(Sessions::key(session, control, KeyOf::kServer));
  EXPECT_EQ(session.moves.load() + session.ssrcs[0].load(), 0U);
  EXPECT_EQ(Sessions::name_of(session).view(), "efgh:CLI2");
}

TEST_F(SessionTest, AKeyIsWrittenOnceEachWay) {
  Session& session = open();
  SessionControl seen = *Sessions::read(session);
  const SessionControl stale = seen;
  EXPECT_FALSE(Sessions::key(session, seen, KeyOf::kServer));

  EXPECT_TRUE(Sessions::put_key(session, seen, KeyOf::kServer, key_of(1)));
  EXPECT_FALSE(Sessions::put_key(session, seen, KeyOf::kServer, key_of(2)));
  SessionControl behind = stale;
  EXPECT_TRUE(Sessions::put_key(session, behind, KeyOf::kClient, key_of(3))) << "it sees what it missed";

  seen = *Sessions::read(session);
  EXPECT_TRUE(equal(*Sessions::key(session, seen, KeyOf::kServer), key_of(1)));
  EXPECT_TRUE(equal(*Sessions::key(session, seen, KeyOf::kClient), key_of(3)));
  Sessions::close(session, seen);
  EXPECT_FALSE(Sessions::key(session, seen, KeyOf::kServer));
  EXPECT_FALSE(Sessions::put_key(session, behind, KeyOf::kServer, key_of(4)));
}

TEST_F(SessionTest, AddressesFillEmptyPlacesFirst) {
  Session& session = open();
  for (unsigned n = 0; n < kSessionTuples; ++n) {
    EXPECT_TRUE(add(session, n, kNow.tick()));
    EXPECT_FALSE(evicted_);
  }
  for (unsigned n = 0; n < kSessionTuples; ++n) EXPECT_TRUE(find(session, n));
  EXPECT_FALSE(Sessions::find_tuple(session, client(0), 4001, kListener));
  EXPECT_FALSE(Sessions::find_tuple(session, client(0), 4000, kListener + 1));
}

TEST_F(SessionTest, TheLongestSilentAddressMakesWayButNeverTheCurrentOne) {
  Session& session = open();
  const Tick now = kNow.tick();
  const unsigned current = add(session, 0, static_cast<Tick>(now - 100)).index;
  for (unsigned n = 1; n < kSessionTuples; ++n) add(session, n, static_cast<Tick>(now - 10 * n));

  ASSERT_TRUE(add(session, 9, now, current));

  ASSERT_TRUE(evicted_);
  EXPECT_EQ(evicted_->address, client(kSessionTuples - 1));
  EXPECT_EQ(evicted_->control.port(), 4000);
  EXPECT_FALSE(find(session, kSessionTuples - 1));
  EXPECT_TRUE(find(session, 0));
  EXPECT_TRUE(find(session, 9));
}

TEST_F(SessionTest, APlaceThatIsBeingWrittenIsLeftAlone) {
  Session& session = open();
  for (SessionTuple& tuple : session.tuples)
    tuple.control = TupleControl(TupleState::kBusy, false, 1, kListener, 1, 1).raw();

  EXPECT_FALSE(add(session, 1, kNow.tick()));
  EXPECT_FALSE(Sessions::tuple(session, 0));
}

TEST_F(SessionTest, AnAddressThatSpokeMeanwhileIsNotTakenOut) {
  Session& session = open();
  const TupleFound seen = add(session, 1, 10);
  SessionTuple& place = session.tuples[seen.index];
  TupleControl control = seen.control;
  ASSERT_TRUE(Sessions::change_tuple(place, control, control.with_tick(11)));

  EXPECT_FALSE(Sessions::remove_tuple(place, seen.control));
  EXPECT_TRUE(Sessions::remove_tuple(place, control));
  EXPECT_FALSE(find(session, 1));
  ASSERT_EQ(add(session, 1, 10).index, seen.index);
  EXPECT_FALSE(find(session, 1).control.same_use(seen.control)) << "whoever saw the former one knows";
}

class SessionTablesTest : public testing::Test {
 protected:
  std::optional<SessionFound> learn(std::string_view name, ListenerId pool = kPool) {
    return tables_.learn(hand_, pool, name, 5, Rung::kWhip, kNow);
  }
  test::SegmentMemory memory_{{.flows_v4 = 1024, .flows_wide = 1024, .lips = 1, .sessions = 1024}};
  Segment segment_ = memory_.format(kNow);
  SessionTables& tables_ = segment_.sessions();
  SessionIndex hand_ = 0;
};

TEST_F(SessionTablesTest, ASessionIsFoundByNameInItsPool) {
  const auto learned = learn(kLongest);
  ASSERT_TRUE(learned);

  const auto found = tables_.find(kPool, kLongest);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->index, learned->index);
  EXPECT_FALSE(tables_.find(kPool + 1, kLongest));
  EXPECT_FALSE(tables_.find(kPool, kLongest.substr(1)));
  EXPECT_FALSE(tables_.find(kPool, kLongest + "c")) << "too long for a session";
}

TEST_F(SessionTablesTest, PoolsHaveNamesOfTheirOwn) {
  const auto one = learn("abcd:CLI1"), other = learn("abcd:CLI1", kPool + 1);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(tables_.find(kPool, "abcd:CLI1")->index, one->index);
  EXPECT_EQ(tables_.find(kPool + 1, "abcd:CLI1")->index, other->index);
}

TEST_F(SessionTablesTest, OfTwoThatLearnANameAtOnceOneIsLeft) {
  const auto first = learn("abcd:CLI1");
  ASSERT_TRUE(first);

  EXPECT_FALSE(learn("abcd:CLI1"));

  EXPECT_EQ(tables_.find(kPool, "abcd:CLI1")->index, first->index);
  EXPECT_FALSE(Sessions::read(tables_.sessions.at(first->index + 1))) << "its record is free again";
}

TEST_F(SessionTablesTest, WhatIsForgottenIsGoneOnceAndItsPlaceIsAnothers) {
  const auto found = learn("abcd:CLI1");
  EXPECT_TRUE(tables_.forget(found->index, found->control));
  EXPECT_FALSE(tables_.forget(found->index, found->control));
  EXPECT_FALSE(tables_.find(kPool, "abcd:CLI1"));

  hand_ = found->index;
  const auto next = learn("efgh:CLI2");
  ASSERT_TRUE(next);
  EXPECT_EQ(next->index, found->index);
  EXPECT_FALSE(tables_.forget(found->index, found->control)) << "that use is over";
  EXPECT_TRUE(tables_.find(kPool, "efgh:CLI2"));
}

TEST_F(SessionTablesTest, AThousandSessionsAreLearnedAndTheRestIsRefused) {
  unsigned learned = 0;
  for (unsigned n = 0; n < 1100; ++n) learned += learn("name" + std::to_string(n) + ":c") ? 1 : 0;

  EXPECT_EQ(learned, 1024U);
  for (unsigned n = 0; n < 1024; ++n)
    ASSERT_TRUE(tables_.find(kPool, "name" + std::to_string(n) + ":c")) << n;
}

}  // namespace
}  // namespace lb
