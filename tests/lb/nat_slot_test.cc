// SPDX-License-Identifier: MIT
// One NAT slot's life: free, filled, embryonic, live, quarantine; and what TCP flags say about its end.
#include "lb/nat_slot.h"

#include <gtest/gtest.h>

#include <set>

#include "lb/flow_control.h"

namespace lb {
namespace {

constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

SlotControl control_of(const NatSlot& slot) { return SlotControl(slot.control.load()); }

class NatSlotTest : public testing::Test {
 protected:
  void open(const char* client, uint16_t port) {
    NatSlots::fill(slot_, 12, 34, ip(client), port, 1935, 100);
    NatSlots::open(slot_, 101);
  }
  void note_forward(uint8_t flags) { NatSlots::note_tcp(slot_.tcp_forward, slot_.tcp_reply, flags); }
  void note_reply(uint8_t flags) { NatSlots::note_tcp(slot_.tcp_reply, slot_.tcp_forward, flags); }

  NatSlot slot_{};
};

TEST(NatSlots, IndexAndItsPartsAreInverse) {
  for (const LipIndex lip : {LipIndex{0}, LipIndex{1}, static_cast<LipIndex>(kMaxLips - 1)}) {
    for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp}) {
      for (const uint16_t port : {uint16_t{1024}, uint16_t{1025}, uint16_t{65535}}) {
        const SlotIndex index = NatSlots::index(lip, protocol, port);
        EXPECT_EQ(NatSlots::lip_of(index), lip);
        EXPECT_EQ(NatSlots::protocol_of(index), protocol);
        EXPECT_EQ(NatSlots::port_of(index), port);
        EXPECT_TRUE(is_slot(index));
      }
    }
  }
}

TEST(NatSlots, EveryPortOfALipHasASlotOfItsOwn) {
  std::set<SlotIndex> seen;
  for (const Protocol protocol : {Protocol::kTcp, Protocol::kUdp})
    for (uint32_t port = kFirstLocalPort; port <= 65535; ++port)
      seen.insert(NatSlots::index(2, protocol, static_cast<uint16_t>(port)));

  EXPECT_EQ(seen.size(), kSlotsPerLip);
  EXPECT_EQ(*seen.begin(), 2 * kSlotsPerLip);
  EXPECT_EQ(*seen.rbegin(), 3 * kSlotsPerLip - 1);
}

TEST_F(NatSlotTest, AFilledSlotIsNobodysUntilItIsOpened) {
  NatSlots::fill(slot_, 12, 34, ip("203.0.113.9"), 40000, 1935, 100);
  EXPECT_FALSE(NatSlots::read(slot_));

  NatSlots::open(slot_, 101);

  EXPECT_TRUE(NatSlots::read(slot_));
  EXPECT_EQ(control_of(slot_).state(), SlotState::kEmbryonic);
}

TEST_F(NatSlotTest, ReadGivesWhatWasFilledInForBothFamilies) {
  for (const char* client : {"203.0.113.9", "2001:db8:1:2:3:4:5:6"}) {
    open(client, 40000);

    const auto view = NatSlots::read(slot_);

    ASSERT_TRUE(view);
    EXPECT_EQ(view->client, ip(client));
    EXPECT_EQ(view->client_port, 40000);
    EXPECT_EQ(view->vip_port, 1935);
    EXPECT_EQ(view->control.backend(), 12);
    EXPECT_EQ(view->control.listener(), 34);
  }
}

TEST_F(NatSlotTest, AnAnswerMakesItLive) {
  open("203.0.113.9", 40000);

  NatSlots::confirm(slot_, control_of(slot_), 105);

  EXPECT_EQ(control_of(slot_).state(), SlotState::kLive);
  EXPECT_EQ(control_of(slot_).backend(), 12);
}

TEST_F(NatSlotTest, ALateConfirmDoesNotReviveAClosedSlot) {
  open("203.0.113.9", 40000);
  const SlotControl seen = control_of(slot_);
  ASSERT_TRUE(NatSlots::close(slot_, seen, Quarantine::kIdle, 200));

  NatSlots::confirm(slot_, seen, 201);

  EXPECT_EQ(control_of(slot_).state(), SlotState::kQuarantine);
  EXPECT_FALSE(NatSlots::read(slot_));
}

TEST_F(NatSlotTest, CloseFailsWhenTheSlotChangedSinceItWasRead) {
  open("203.0.113.9", 40000);
  const SlotControl seen = control_of(slot_);
  NatSlots::confirm(slot_, seen, 105);

  EXPECT_FALSE(NatSlots::close(slot_, seen, Quarantine::kIdle, 200));
  EXPECT_EQ(control_of(slot_).state(), SlotState::kLive);
}

TEST_F(NatSlotTest, EachUseHasAnotherGeneration) {
  open("203.0.113.9", 40000);
  const SlotControl first = control_of(slot_);
  ASSERT_TRUE(NatSlots::close(slot_, first, Quarantine::kNone, 101));

  open("203.0.113.9", 40000);

  EXPECT_NE(control_of(slot_).generation(), first.generation());
  EXPECT_FALSE(NatSlots::close(slot_, first, Quarantine::kNone, 102)) << "the former use's word still fits";
}

TEST_F(NatSlotTest, ANewUseStartsWithoutTheFlagsOfTheFormer) {
  open("203.0.113.9", 40000);
  note_forward(kFin);
  note_reply(kRst);
  ASSERT_TRUE(NatSlots::is_closed(slot_));

  open("203.0.113.10", 40001);

  EXPECT_FALSE(NatSlots::is_closed(slot_));
}

TEST_F(NatSlotTest, OneFinLeavesTheFlowHalfOpen) {
  note_forward(kFin | kAck);
  EXPECT_FALSE(NatSlots::is_closed(slot_));

  note_reply(kFin | kAck);

  EXPECT_TRUE(NatSlots::is_closed(slot_));
}

TEST_F(NatSlotTest, TheFirstFinIsRemembered) {
  note_reply(kFin | kAck);
  note_forward(kFin | kAck);

  EXPECT_EQ(slot_.tcp_reply.load(), slot_flag::kFin | slot_flag::kFinFirst);
  EXPECT_EQ(slot_.tcp_forward.load(), slot_flag::kFin);
}

TEST_F(NatSlotTest, ARepeatedFinDoesNotChangeWhoWasFirst) {
  note_forward(kFin | kAck);
  note_reply(kFin | kAck);
  note_reply(kFin | kAck);
  note_forward(kFin | kAck);

  EXPECT_EQ(slot_.tcp_forward.load(), slot_flag::kFin | slot_flag::kFinFirst);
  EXPECT_EQ(slot_.tcp_reply.load(), slot_flag::kFin);
}

TEST_F(NatSlotTest, ARstClosesAtOnceAndTheNextSegmentOfItsSideRefutesIt) {
  note_reply(kRst);
  EXPECT_TRUE(NatSlots::is_closed(slot_));
  note_forward(kAck);
  EXPECT_TRUE(NatSlots::is_closed(slot_)) << "the other side's segments refute nothing";

  note_reply(kAck);

  EXPECT_FALSE(NatSlots::is_closed(slot_));
}

TEST_F(NatSlotTest, OrdinarySegmentsLeaveNoMark) {
  note_forward(kSyn);
  note_reply(kSyn | kAck);
  note_forward(kAck);

  EXPECT_EQ(slot_.tcp_forward.load(), 0);
  EXPECT_EQ(slot_.tcp_reply.load(), 0);
}

// A reader that sleeps between its loads takes the halves of two addresses for one.
TEST(NatSlots, TwoTurnsOfASlotShowInItsControlWord) {
  NatSlot slot{};
  NatSlots::fill(slot, 1, 1, ip("192.0.2.1"), 1, 1, 1);
  NatSlots::open(slot, 1);
  const SlotControl before(slot.control.load());
  ASSERT_TRUE(NatSlots::turn(slot, before, ip("192.0.2.2"), 2, 7));
  ASSERT_TRUE(NatSlots::turn(slot, SlotControl(slot.control.load()), ip("192.0.2.3"), 3, 7));

  EXPECT_NE(slot.control.load(), before.raw());
  EXPECT_EQ(NatSlots::read(slot)->listener, 7) << "by which the client comes now";
}

}  // namespace
}  // namespace lb
