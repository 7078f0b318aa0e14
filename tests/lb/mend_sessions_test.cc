// SPDX-License-Identifier: MIT
// Each half-done state that a killed worker can leave in ICE sessions, made by hand, and what mend() makes of it.
#include "lb/mend_sessions.h"

#include <gtest/gtest.h>

#include "lb/mend.h"
#include "lb/session_media.h"
#include "tests/lb/mend_rig.h"

namespace lb {
namespace {

using test::kNow;
using test::kVipPort;

constexpr std::string_view kName = "srvufrag:CLI1";

class MendSessions : public test::MendRig {
 protected:
  MendSessions() : MendRig(Protocol::kUdp) {
    other_ = give(segment_.backends(), IdentityKind::kBackend, "10.0.0.12", 0);
  }

  SessionTables& tables() { return segment_.sessions(); }
  Session& session(SessionIndex index = 0) { return tables().sessions.at(index); }
  std::optional<SessionControl> control_of(SessionIndex index = 0) { return Sessions::read(session(index)); }
  void change(SessionControl to, SessionIndex index = 0) { session(index).control.store(to.raw()); }
  bool is_known() { return tables().find(clients_, kName).has_value(); }

  // As WHIP does; number 0.
  void learn() { ASSERT_EQ(tables().learn(hand_, clients_, kName, backend_, Rung::kWhip, kNow)->index, 0U); }
  TupleFound attach(unsigned n) {
    std::optional<TupleAddress> evicted;
    return Sessions::add_tuple(session(), control_of()->current(), client(n), 40000, listener_,
                               TupleState::kProven, false, kNow.tick(), evicted);
  }
  // Opening, up to its last step: a slot that is still free.
  void fill() {
    learn();
    NatSlots::fill(slot(1), backend_, listener_, client(1), 40000, kVipPort, kNow.tick());
    slot(1).session_or_acknowledged.store(1);
    change(control_of()->with_slot(slot_number(1)));
    attach(1);
    enter(1, slot_number(1));
  }
  void open(SlotState state = SlotState::kEmbryonic) {
    fill();
    NatSlots::open(slot(1), kNow.tick(), state);
  }
  // And a second address.
  void open_at_two() {
    open();
    attach(2);
    enter(2, slot_number(1));
  }
  void expect_gone() {
    EXPECT_FALSE(control_of());
    EXPECT_FALSE(is_known());
    EXPECT_FALSE(find(1));
    EXPECT_FALSE(in_use(control(1).state()));
  }

  BackendId other_;
  SessionIndex hand_ = 0;
};

TEST_F(MendSessions, AWholeSessionIsKept) {
  open_at_two();

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.sessions, 1U);
  EXPECT_EQ(report.flows, 2U);
  EXPECT_EQ(report.slots, 1U);
  EXPECT_EQ(report.entries_removed + report.entries_restored + report.slots_released, 0U);
  EXPECT_TRUE(is_known());
}

TEST_F(MendSessions, ARecordThatWasBeingFilledIsFree) {
  ASSERT_TRUE(tables().sessions.claim(hand_, kName, clients_, backend_, Rung::kHash, kNow));

  EXPECT_EQ(mend(segment_, kNow).sessions, 0U);

  EXPECT_EQ(SessionControl(session().control.load()).state(), SessionState::kFree);
}

TEST_F(MendSessions, ASessionWhoseNameWasNotEnteredGetsItBack) {
  Sessions::publish(session(*tables().sessions.claim(hand_, kName, clients_, backend_, Rung::kHash, kNow)));
  ASSERT_FALSE(is_known());

  EXPECT_EQ(mend(segment_, kNow).sessions, 1U);

  EXPECT_TRUE(is_known());
}

TEST_F(MendSessions, ANameThatWasBeingWrittenGoesAndIsEnteredAgain) {
  learn();
  const auto key = tables().name_key(clients_, kName);
  const auto entry = tables().names.find(key, tables().names.hash(key));
  entry.place->store(FlowControl(FlowState::kBusy, 3, 0, 0, kNow.tick()).raw());

  mend(segment_, kNow);

  EXPECT_EQ(FlowControl(entry.place->load()).state(), FlowState::kLive) << "the place is used again";
  EXPECT_TRUE(is_known());
}

TEST_F(MendSessions, ANameWhoseSessionWasClosedGoes) {
  learn();
  Sessions::close(session(), *control_of());

  mend(segment_, kNow);

  const auto key = tables().name_key(clients_, kName);
  EXPECT_FALSE(tables().names.find(key, tables().names.hash(key)));
}

TEST_F(MendSessions, ANameThatLeadsToAnothersRecordGoes) {
  learn();
  const auto key = tables().name_key(clients_, "another1:CLI2");
  ASSERT_TRUE(tables().names.insert(key, tables().names.hash(key), 0, backend_, kNow.tick()).found);

  mend(segment_, kNow);

  EXPECT_FALSE(tables().names.find(key, tables().names.hash(key)));
  EXPECT_TRUE(is_known());
}

TEST_F(MendSessions, ASessionThatHadNotGotItsSlotYetWaitsForItsClient) {
  learn();
  NatSlots::fill(slot(1), backend_, listener_, client(1), 40000, kVipPort, kNow.tick());
  slot(1).session_or_acknowledged.store(1);

  EXPECT_EQ(mend(segment_, kNow).sessions, 1U);

  EXPECT_FALSE(is_slot(control_of()->slot()));
  EXPECT_EQ(control(1).state(), SlotState::kFree);
}

TEST_F(MendSessions, ASessionWhoseSlotWasNotOpenedYetGoesWithAllThatIsItsOwn) {
  fill();

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.sessions, 0U);
  EXPECT_EQ(report.entries_removed, 1U);
  expect_gone();
}

TEST_F(MendSessions, ASessionWhoseOwnerWasBeingAskedForGoes) {
  open(SlotState::kProbing);

  EXPECT_EQ(mend(segment_, kNow).sessions, 0U);

  expect_gone();
}

TEST_F(MendSessions, ASessionWhoseSlotHasItsOwnerAndItselfNotYetGoes) {
  open(SlotState::kProbing);
  SlotControl seen = control(1);
  ASSERT_TRUE(NatSlots::pin(slot(1), seen, other_, kNow.tick()));

  EXPECT_EQ(mend(segment_, kNow).sessions, 0U);

  expect_gone();
  EXPECT_EQ(control(1).quarantine(), Quarantine::kIce) << "a server knows its address";
}

TEST_F(MendSessions, FlowsThatWereNotLedToTheOwnerYetAre) {
  open(SlotState::kProbing);
  SlotControl seen = control(1);
  ASSERT_TRUE(NatSlots::pin(slot(1), seen, other_, kNow.tick()));
  change(control_of()->with_backend(other_));

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.sessions, 1U);
  EXPECT_EQ(report.entries_removed, 1U);
  EXPECT_EQ(report.entries_restored, 1U);
  EXPECT_EQ(find(1).control.backend(), other_);
}

TEST_F(MendSessions, AFlowWhoseAddressWasNotAddedYetGoes) {
  open();
  enter(2, slot_number(1));

  EXPECT_EQ(mend(segment_, kNow).entries_removed, 1U);

  EXPECT_FALSE(find(2));
  EXPECT_TRUE(find(1));
}

TEST_F(MendSessions, AnAddressThatWasBeingWrittenIsEmptiedAndItsFlowGoes) {
  open_at_two();
  SessionTuple& tuple = session().tuples[Sessions::find_tuple(session(), client(2), 40000, listener_).index];
  tuple.control = TupleControl(TupleState::kBusy, false, 2, listener_, 40000, kNow.tick()).raw();

  EXPECT_EQ(mend(segment_, kNow).entries_removed, 1U);

  EXPECT_EQ(TupleControl(tuple.control.load()).state(), TupleState::kEmpty);
  EXPECT_FALSE(find(2));
  EXPECT_EQ(control_of()->slot(), slot_number(1));
}

TEST_F(MendSessions, AnAddressThatWasTakenOutAndItsFlowNotYetHasNone) {
  open_at_two();
  const TupleFound second = Sessions::find_tuple(session(), client(2), 40000, listener_);
  ASSERT_TRUE(Sessions::remove_tuple(session().tuples[second.index], second.control));

  EXPECT_EQ(mend(segment_, kNow).entries_removed, 1U);
  EXPECT_FALSE(find(2));
}

TEST_F(MendSessions, AnAddressWithoutItsFlowGetsItBack) {
  open();
  attach(2);

  EXPECT_EQ(mend(segment_, kNow).entries_restored, 1U);

  EXPECT_EQ(find(2).control.slot(), slot_number(1));
}

TEST_F(MendSessions, ASlotThatWasBeingTurnedIsWhereItWasAndCanBeTurned) {
  open_at_two();
  slot(1).control = control(1).begin_turn().raw();
  slot(1).lane_high[control(1).lane() ^ 1] = 0xdead;

  mend(segment_, kNow);

  EXPECT_FALSE(control(1).turning());
  EXPECT_EQ(NatSlots::read(slot(1))->client, client(1));
  EXPECT_TRUE(NatSlots::turn(slot(1), control(1), client(2), 40000, control(1).listener()));
  EXPECT_EQ(NatSlots::read(slot(1))->client, client(2));
}

TEST_F(MendSessions, ASlotThatWasTurnedAndItsSessionNotYetLosesNothing) {
  open_at_two();
  ASSERT_TRUE(NatSlots::turn(slot(1), control(1), client(2), 40000, control(1).listener()));

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.sessions, 1U);
  EXPECT_EQ(report.flows, 2U);
  EXPECT_EQ(report.entries_removed + report.slots_released, 0U);
}

TEST_F(MendSessions, AKeyThatWasBeingWrittenCanBePutAgain) {
  learn();
  const HmacSha1Key key(std::array<uint8_t, 3>{1, 2, 3});
  SessionControl seen = *control_of();
  ASSERT_TRUE(Sessions::put_key(session(), seen, KeyOf::kServer, key));
  change(seen.with_key(KeyOf::kClient, KeyState::kWriting));

  mend(segment_, kNow);

  seen = *control_of();
  EXPECT_TRUE(Sessions::key(session(), seen, KeyOf::kServer)) << "the other one is whole";
  EXPECT_EQ(seen.key(KeyOf::kClient), KeyState::kNone);
  EXPECT_TRUE(Sessions::put_key(session(), seen, KeyOf::kClient, key));
}

TEST_F(MendSessions, ASessionWhoseSlotWasClosedGoesAndTheSlotRests) {
  open_at_two();
  NatSlots::close(slot(1), control(1), Quarantine::kIce, kNow.tick());

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.sessions, 0U);
  EXPECT_EQ(report.entries_removed, 2U);
  expect_gone();
  EXPECT_EQ(control(1).state(), SlotState::kQuarantine);
}

TEST_F(MendSessions, ASlotWhoseSessionIsGoneRestsAsASessionsDoes) {
  open();
  Sessions::close(session(), *control_of());

  EXPECT_EQ(mend(segment_, kNow).slots_released, 1U);

  expect_gone();
  EXPECT_EQ(control(1).quarantine(), Quarantine::kIce);
}

TEST_F(MendSessions, AnSsrcThatNobodyHasGoes) {
  learn();
  note_rtp(tables(), 0, {11, 1}, kNow.tick());
  note_rtp(tables(), 0, {12, 1}, kNow.tick());
  session().ssrcs[0].store(0);

  mend(segment_, kNow);

  EXPECT_FALSE(session_of_rtp(tables(), clients_, {11, 2}, kNow.tick()));
  EXPECT_TRUE(session_of_rtp(tables(), clients_, {12, 2}, kNow.tick()));
}

TEST_F(MendSessions, RecordsWhoseWordsMakeNoSenseAreFree) {
  const auto spoilt = [this](auto&& spoil) {
    open();
    spoil();
    EXPECT_EQ(mend(segment_, kNow).sessions, 0U);
    EXPECT_FALSE(control_of());
    EXPECT_EQ(mend(segment_, kNow).entries_removed, 0U) << "nothing is left to do";
    hand_ = 0;
  };
  spoilt([this] { session().name_length = 0; });
  spoilt([this] { session().name_length = kMaxSessionName + 1; });
  spoilt([this] { change(control_of()->with_backend(999)); });
  spoilt([this] { change(control_of()->with_slot(static_cast<SlotIndex>(segment_.slots().size()))); });
  spoilt([this] { change(control_of()->with_slot(slot_number(7))); });
  spoilt([this] { slot(1).session_or_acknowledged.store(9); });
}

}  // namespace
}  // namespace lb
