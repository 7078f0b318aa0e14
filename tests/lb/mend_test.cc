// SPDX-License-Identifier: MIT
// Each half-done state that a killed worker can leave, made by hand, and what mend() makes of it.
#include "lb/mend.h"

#include <gtest/gtest.h>

#include "lb/seam.h"
#include "tests/lb/mend_rig.h"

namespace lb {
namespace {

using test::kNow;
using test::kVipPort;

class MendTest : public test::MendRig {
 protected:
  MendTest() : MendRig(Protocol::kTcp) {}

  NatSlot& fill(unsigned n, BackendId backend, ListenerId listener) {
    NatSlot& slot = segment_.slots().at(slot_number(n));
    NatSlots::fill(slot, backend, listener, client(n), 40000, kVipPort, kNow.tick());
    return slot;
  }
  NatSlot& open_slot(unsigned n) {
    NatSlot& slot = fill(n, backend_, listener_);
    NatSlots::open(slot, kNow.tick());
    return slot;
  }
};

TEST_F(MendTest, AWholeFlowIsKept) {
  open_slot(1);
  enter(1, slot_number(1));

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.flows, 1U);
  EXPECT_EQ(report.slots, 1U);
  EXPECT_EQ(report.entries_removed + report.entries_restored + report.slots_released, 0U);
  EXPECT_EQ(find(1).control.slot(), slot_number(1));
}

TEST_F(MendTest, AnEntryWhoseKeyWasBeingWrittenGoes) {
  const auto found = enter(1, slot_number(1));
  found.place->store(FlowControl(FlowState::kBusy, 3, 0, 0, kNow.tick()).raw());

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.entries_removed, 1U);
  EXPECT_EQ(FlowControl(found.place->load()).state(), FlowState::kEmpty);
}

TEST_F(MendTest, AnEntryWhoseSlotWasNotOpenedYetGoes) {
  fill(1, backend_, listener_);
  enter(1, slot_number(1));

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.entries_removed, 1U);
  EXPECT_FALSE(find(1));
}

TEST_F(MendTest, AnEntryWhoseSlotWasClosedGoes) {
  NatSlot& slot = open_slot(1);
  enter(1, slot_number(1));
  NatSlots::close(slot, control(1), Quarantine::kTimeWait, kNow.tick());

  EXPECT_EQ(mend(segment_, kNow).entries_removed, 1U);
  EXPECT_FALSE(find(1));
  EXPECT_EQ(control(1).state(), SlotState::kQuarantine) << "it still rests";
}

TEST_F(MendTest, AnEntryThatNamesAnotherFlowsSlotGoes) {
  open_slot(1);
  enter(1, slot_number(1));
  enter(2, slot_number(1));

  EXPECT_EQ(mend(segment_, kNow).entries_removed, 1U);
  EXPECT_TRUE(find(1));
  EXPECT_FALSE(find(2));
}

TEST_F(MendTest, ASlotInUseWithoutItsEntryGetsItBack) {
  open_slot(1);

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.entries_restored, 1U);
  EXPECT_EQ(report.flows, 1U);
  EXPECT_EQ(find(1).control.slot(), slot_number(1));
  EXPECT_EQ(find(1).control.backend(), backend_);
}

TEST_F(MendTest, AWrongEntryBeforeTheRightOneDoesNotCostTheFlow) {
  open_slot(1);
  enter(1, slot_number(7));  // first in probe order, and its slot is free

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.entries_removed, 1U);
  EXPECT_EQ(report.entries_restored, 1U);
  EXPECT_EQ(find(1).control.slot(), slot_number(1));
}

TEST_F(MendTest, TwoCopiesOfARelocatedEntryBecomeOne) {
  open_slot(1);
  const auto key = narrow_key(client(1), 40000, listener_);
  const auto first = enter(1, slot_number(1));
  // A copy with the same slot does not withdraw: it is an entry on its way to its other bucket.
  const auto second = enter(1, slot_number(1));
  ASSERT_NE(first.place, second.place);

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.entries_removed, 1U);
  EXPECT_EQ(report.flows, 1U);
  EXPECT_EQ(narrow().remove_all(key, narrow().hash(key), slot_number(1)), 1U);
}

TEST_F(MendTest, AnEarlierFlowsSlotOfTheSameClientIsReleasedToRest) {
  open_slot(1);
  NatSlot& earlier = segment_.slots().at(slot_number(2));
  NatSlots::fill(earlier, backend_, listener_, client(1), 40000, kVipPort, kNow.tick());
  NatSlots::open(earlier, kNow.tick());
  enter(1, slot_number(1));

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.slots, 1U);
  EXPECT_EQ(report.slots_released, 1U);
  EXPECT_EQ(find(1).control.slot(), slot_number(1));
  EXPECT_EQ(control(2).state(), SlotState::kQuarantine) << "its server may still be in TIME-WAIT";
  EXPECT_EQ(control(2).quarantine(), Quarantine::kTimeWait);
}

TEST_F(MendTest, SlotsThatNameUnknownIdsAreReleased) {
  const auto open = [&](unsigned n, BackendId backend, ListenerId listener) {
    NatSlots::open(fill(n, backend, listener), kNow.tick());
  };
  open(1, 999, listener_);
  open(2, backend_, 999);
  open(3, backend_, clients_);

  EXPECT_EQ(mend(segment_, kNow).slots_released, 3U);
  EXPECT_EQ(mend(segment_, kNow).slots_released, 0U);
}

TEST_F(MendTest, SlotsThatWaitForServersAndThoseInStatesOfLaterVersionsAreReleased) {
  for (const SlotState state : {SlotState::kProbing, static_cast<SlotState>(7)}) {
    NatSlot& slot = open_slot(1);
    slot.control.store(control(1).in_state(state, Quarantine::kNone, kNow.tick()).raw());

    EXPECT_EQ(mend(segment_, kNow).slots_released, 1U) << static_cast<int>(state);
    EXPECT_FALSE(in_use(control(1).state()));
  }
}

TEST_F(MendTest, JoinedConnectionIsKeptAndNoLongerSettles) {
  NatSlot& slot = open_slot(1);
  put_seam(slot, {.out = 7, .settling = true, .peek = 3});
  slot.control.store(control(1).in_state(SlotState::kSpliced, Quarantine::kNone, kNow.tick()).raw());

  EXPECT_EQ(mend(segment_, kNow).slots_released, 0U);
  EXPECT_TRUE(has_seam(slot));
  EXPECT_EQ(seam_of(slot).out, 7U);
  EXPECT_FALSE(seam_of(slot).settling);
  EXPECT_TRUE(segment_.listeners().has_spliced(listener_));
}

TEST_F(MendTest, ASlotOfAnotherProtocolThanItsListenerIsReleased) {
  const SlotIndex udp = NatSlots::index(0, Protocol::kUdp, 2000);
  NatSlots::fill(segment_.slots().at(udp), backend_, listener_, client(1), 40000, kVipPort, kNow.tick());
  NatSlots::open(segment_.slots().at(udp), kNow.tick());

  EXPECT_EQ(mend(segment_, kNow).slots_released, 1U);
}

TEST_F(MendTest, AFlowOfAPortRangeIsRestoredInTheWideTable) {
  NatSlots::open(fill(1, backend_, range_), kNow.tick());

  ASSERT_EQ(mend(segment_, kNow).entries_restored, 1U);

  const auto key = wide_key(client(1), 40000, range_, kVipPort);
  EXPECT_EQ(segment_.flows().wide.find(key, segment_.flows().wide.hash(key)).control.slot(), slot_number(1));
  EXPECT_EQ(mend(segment_, kNow).flows, 1U);
}

TEST_F(MendTest, FlowsAndClientsWithoutASlotAreKept) {
  enter(1, kNoSlot);
  put(narrow_client_key(client(1), clients_), kNoSlot, backend_);

  const MendReport report = mend(segment_, kNow);

  EXPECT_EQ(report.flows, 2U);
  EXPECT_EQ(report.entries_removed, 0U);
}

TEST_F(MendTest, EntriesThatNameUnknownIdsOrImpossibleSlotsGo) {
  put(narrow_key(client(1), 1, 999), kNoSlot, backend_);
  put(narrow_key(client(1), 2, listener_), kNoSlot, 999);
  put(narrow_key(client(1), 3, listener_), static_cast<SlotIndex>(segment_.slots().size()), backend_);
  put(narrow_client_key(client(1), clients_), 5, backend_);

  EXPECT_EQ(mend(segment_, kNow).entries_removed, 4U);
  EXPECT_EQ(mend(segment_, kNow).flows, 0U);
}

TEST_F(MendTest, SlotsOfALipThatWasNeverConfiguredAreNotRead) {
  NatSlot& slot = segment_.slots().at(NatSlots::index(3, Protocol::kTcp, 2000));
  slot.control.store(~uint64_t{0});

  EXPECT_EQ(mend(segment_, kNow).slots_released, 0U);
}

TEST_F(MendTest, RecountCountsFlowsButNotRememberedClients) {
  enter(1, kNoSlot);
  enter(2, kNoSlot);
  put(narrow_client_key(client(1), clients_), kNoSlot, backend_);
  Snapshot snapshot;
  snapshot.listeners.resize(kMaxListeners);
  snapshot.listeners[listener_].service = 5;
  snapshot.listeners[clients_].clients = true;
  WorkerCounters counters;

  recount(segment_, snapshot, counters);

  EXPECT_EQ(counters.services[5].flows_opened.get(), 2U);
  EXPECT_EQ(counters.backends[backend_].flows_opened.get(), 2U);
}

}  // namespace
}  // namespace lb
