// SPDX-License-Identifier: MIT
// A worker's share of the NAT slots: which are its own, what may be given out again when, how fast it is swept.
#include "lb/slot_share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "tests/lb/segment_memory.h"

namespace lb {
namespace {

using test::SegmentMemory;

constexpr BackendId kServer = 7, kOtherServer = 8;

// LIPs 0 and 1 are IPv4, 2 is IPv6; 1 takes no new flows any more.
Snapshot lips_snapshot(uint64_t generation = 1) {
  Snapshot snapshot;
  snapshot.generation = generation;
  snapshot.lips = {
      *IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), *IpAddress::parse("fd00::1"), {}};
  snapshot.active_lips = {0, 2};
  return snapshot;
}

class SlotShareTest : public testing::Test {
 protected:
  SlotShareTest() : slots_(segment_.slots()) { share_.follow(lips_snapshot()); }

  std::optional<SlotIndex> claim(BackendId backend = kServer, Tick now = kNow, SlotShare* share = nullptr,
                                 Family family = Family::kIpv4, Protocol protocol = Protocol::kTcp) {
    return (share == nullptr ? share_ : *share).claim(slots_, family, protocol, backend, now);
  }
  NatSlot& open(SlotIndex index, BackendId backend = kServer, Tick now = kNow) {
    NatSlot& slot = slots_.at(index);
    NatSlots::fill(slot, backend, 1, *IpAddress::parse("203.0.113.1"), 40000, 1935, now);
    NatSlots::open(slot, now);
    return slot;
  }
  NatSlot& rest(SlotIndex index, Quarantine cause, Tick since) {
    NatSlot& slot = open(index, kServer, since);
    NatSlots::close(slot, SlotControl(slot.control.load()), cause, since);
    return slot;
  }
  static bool claimable(const NatSlot& slot, BackendId backend, uint32_t after_ms) {
    return SlotShare::is_claimable(slot, backend, static_cast<Tick>(kNow + after_ms / kTickMs));
  }

  static constexpr Tick kNow = 65500;  // ticks wrap during these tests
  SegmentMemory memory_{test::kSmallSegment};
  Segment segment_ = memory_.format();
  NatSlots& slots_;
  SlotShare share_{0, 1, segment_};
};

TEST_F(SlotShareTest, EverySlotHasExactlyOneOwnerWhateverTheNumberOfWorkers) {
  for (const unsigned workers : {1U, 2U, 3U, 4U, 7U, 64U}) {
    std::map<SlotIndex, unsigned> owners;
    for (unsigned w = 0; w < workers; ++w) {
      SlotShare share(w, workers, segment_);
      share.follow(lips_snapshot());
      share.sweep(SlotShare::kSweepMs, [&](SlotIndex index) { ++owners[index]; });
    }
    EXPECT_EQ(owners.size(), 3 * kSlotsPerLip) << workers << " workers";
    EXPECT_TRUE(std::all_of(owners.begin(), owners.end(), [](const auto& o) { return o.second == 1; }))
        << workers << " workers";
  }
}

TEST_F(SlotShareTest, WorkersClaimOnlySlotsThatTheySweep) {
  for (unsigned w = 0; w < 3; ++w) {
    SlotShare share(w, 3, segment_);
    share.follow(lips_snapshot());
    std::set<SlotIndex> swept;
    share.sweep(SlotShare::kSweepMs, [&](SlotIndex index) { swept.insert(index); });
    for (unsigned i = 0; i < 1000; ++i) {
      const auto index = claim(kServer, kNow, &share);
      ASSERT_TRUE(index);
      open(*index);
      ASSERT_TRUE(swept.contains(*index)) << "worker " << w << " slot " << *index;
    }
  }
}

TEST_F(SlotShareTest, ASweepTakesFourSecondsHoweverOftenItIsCalled) {
  uint64_t visits = 0;
  for (unsigned ms = 0; ms < SlotShare::kSweepMs; ++ms) share_.sweep(1, [&](SlotIndex) { ++visits; });
  EXPECT_EQ(visits, 3 * kSlotsPerLip);

  visits = 0;
  for (unsigned step = 0; step < SlotShare::kSweepMs / 8; ++step)
    share_.sweep(8, [&](SlotIndex) { ++visits; });

  EXPECT_EQ(visits, 3 * kSlotsPerLip);
}

TEST_F(SlotShareTest, NoTimeNoSweep) {
  share_.sweep(0, [](SlotIndex) { FAIL(); });
}

TEST_F(SlotShareTest, ASlotIsGivenOutOnce) {
  std::set<SlotIndex> seen;
  for (unsigned i = 0; i < 5000; ++i) {
    const auto index = claim();
    ASSERT_TRUE(index);
    EXPECT_TRUE(seen.insert(*index).second) << "slot " << *index << " twice";
    open(*index);
  }
}

TEST_F(SlotShareTest, NewFlowsTakeActiveLipsOfTheirFamilyAndProtocolOnly) {
  for (unsigned i = 0; i < 200; ++i) {
    const auto v4 = claim(kServer, kNow, nullptr, Family::kIpv4, Protocol::kUdp);
    const auto v6 = claim(kServer, kNow, nullptr, Family::kIpv6, Protocol::kTcp);
    ASSERT_TRUE(v4 && v6);
    EXPECT_EQ(NatSlots::lip_of(*v4), 0);
    EXPECT_EQ(NatSlots::protocol_of(*v4), Protocol::kUdp);
    EXPECT_EQ(NatSlots::lip_of(*v6), 2);
    EXPECT_EQ(NatSlots::protocol_of(*v6), Protocol::kTcp);
    open(*v4);
    open(*v6);
  }
}

TEST_F(SlotShareTest, WithoutALipOfTheFamilyThereIsNothingToClaim) {
  Snapshot snapshot = lips_snapshot(2);
  snapshot.active_lips = {0};
  share_.follow(snapshot);

  EXPECT_FALSE(claim(kServer, kNow, nullptr, Family::kIpv6));
  EXPECT_TRUE(claim());
}

TEST_F(SlotShareTest, TheFlowsSpreadOverAllLips) {
  Snapshot snapshot = lips_snapshot(2);
  snapshot.active_lips = {0, 1, 2};
  share_.follow(snapshot);

  constexpr unsigned kTurns = 60;
  std::map<LipIndex, unsigned> count;
  for (unsigned i = 0; i < 2 * kTurns * SlotShare::kBlock; ++i) ++count[NatSlots::lip_of(*claim())];

  EXPECT_EQ(count[0], kTurns * SlotShare::kBlock);
  EXPECT_EQ(count[1], kTurns * SlotShare::kBlock);
}

TEST_F(SlotShareTest, ASlotThatWasNotOpenedIsGivenOutAgain) {
  const auto first = claim();
  share_.unclaim(*first, Family::kIpv4, Protocol::kTcp);

  EXPECT_EQ(claim(), first);
}

TEST_F(SlotShareTest, ASlotInUseIsNotClaimable) {
  NatSlot& slot = open(100);

  EXPECT_FALSE(claimable(slot, kServer, 0));
  EXPECT_FALSE(claimable(slot, kServer, 60'000));
}

TEST_F(SlotShareTest, AfterRstOrNoAnswerASlotNeedsNoRest) {
  const NatSlot& slot = rest(100, Quarantine::kNone, kNow);

  EXPECT_TRUE(claimable(slot, kServer, 0));
}

TEST_F(SlotShareTest, AfterTheClientsFinOrSilenceASlotRestsOneSecond) {
  for (const Quarantine cause : {Quarantine::kBrief, Quarantine::kIdle}) {
    const NatSlot& slot = rest(100, cause, kNow);

    EXPECT_FALSE(claimable(slot, kServer, 1000));
    EXPECT_TRUE(claimable(slot, kServer, 1000 + kTickMs));
  }
}

TEST_F(SlotShareTest, AfterTheServersFinASlotRestsSixtySecondsTowardsThatServerOnly) {
  const NatSlot& slot = rest(100, Quarantine::kTimeWait, kNow);

  EXPECT_FALSE(claimable(slot, kServer, 60'000));
  EXPECT_TRUE(claimable(slot, kServer, 60'000 + kTickMs));
  EXPECT_FALSE(claimable(slot, kOtherServer, 1000));
  EXPECT_TRUE(claimable(slot, kOtherServer, 1000 + kTickMs));
}

TEST_F(SlotShareTest, ACandidateRestingTowardsOneServerIsKeptForAnother) {
  const SlotIndex first = *claim();
  share_.unclaim(first, Family::kIpv4, Protocol::kTcp);
  rest(first, Quarantine::kTimeWait, static_cast<Tick>(kNow - ticks_of_s(5)));

  const auto towards_server = claim(kServer);
  std::set<SlotIndex> towards_other;
  while (const auto index = claim(kOtherServer)) {
    open(*index);
    towards_other.insert(*index);
  }

  EXPECT_NE(towards_server, first);
  EXPECT_TRUE(towards_other.contains(first));
  EXPECT_EQ(towards_other.size(), kLocalPorts - 1) << "all but the one that the server got";
}

// Where an earlier process had more LIPs, and in a row: nobody but the one who looks learns of it.
TEST_F(SlotShareTest, CandidatesThatAreInUseAfterAllAreNotGivenOut) {
  claim();  // the next few are candidates by now
  for (uint32_t port = kFirstLocalPort + 1; port < kFirstLocalPort + 2 * SlotShare::kCandidates; ++port)
    open(NatSlots::index(0, Protocol::kTcp, static_cast<uint16_t>(port)));

  for (unsigned i = 0; i < 100; ++i) {
    const auto index = claim();
    ASSERT_TRUE(index);
    EXPECT_GE(NatSlots::port_of(*index), kFirstLocalPort + 2 * SlotShare::kCandidates);
  }
}

TEST_F(SlotShareTest, ASnapshotWithTheSameLipsKeepsTheCandidates) {
  const SlotIndex first = *claim();
  share_.unclaim(first, Family::kIpv4, Protocol::kTcp);

  share_.follow(lips_snapshot(2));

  EXPECT_EQ(claim(), first);
}

TEST_F(SlotShareTest, ALipThatLeftTheConfigIsSweptButNotGivenOut) {
  Snapshot snapshot = lips_snapshot(2);
  snapshot.active_lips = {1};
  share_.follow(snapshot);

  bool swept = false;
  share_.sweep(SlotShare::kSweepMs, [&](SlotIndex index) { swept |= NatSlots::lip_of(index) == 0; });

  EXPECT_TRUE(swept);
  EXPECT_EQ(NatSlots::lip_of(*claim()), 1);
}

// What breaks in production first: a long row of old flows must not hide the free ports behind it.
TEST_F(SlotShareTest, NineTenthsOfLongLivedFlowsInARowRefuseNobody) {
  for (uint32_t port = kFirstLocalPort + 1000; port < kFirstLocalPort + kLocalPorts * 9 / 10; ++port)
    open(NatSlots::index(0, Protocol::kTcp, static_cast<uint16_t>(port)));

  unsigned refused = 0;
  for (unsigned i = 0; i < 5000; ++i) {
    if (const auto index = claim())
      open(*index);
    else
      ++refused;
  }

  EXPECT_EQ(refused, 0U);
}

TEST_F(SlotShareTest, AfterARestartWithAnotherCountOnlyFreeSlotsAreGivenOut) {
  Identity lip;
  lip.kind = IdentityKind::kLip;
  lip.address = lips_snapshot().lips[0];
  ASSERT_EQ(segment_.lips().acquire(lip, 0, 0), 0);
  for (uint32_t port = kFirstLocalPort; port <= 65535; ++port)
    if (port % 3 != 0) open(NatSlots::index(0, Protocol::kTcp, static_cast<uint16_t>(port)));

  SlotShare share(1, 2, segment_);
  share.follow(lips_snapshot());
  unsigned given = 0;
  while (const auto index = claim(kServer, kNow, &share)) {
    ASSERT_EQ(NatSlots::port_of(*index) % 3, 0);
    open(*index);
    ++given;
  }

  EXPECT_EQ(given, kLocalPorts / 2 / 3);
}

// Seen end to end: the first new connections after a restart had their SYN dropped, lip_ports_exhausted.
TEST_F(SlotShareTest, AfterARestartTheSlotsThatRestAreBehindTheFreeOnes) {
  Identity lip;
  lip.kind = IdentityKind::kLip;
  lip.address = lips_snapshot().lips[0];
  ASSERT_EQ(segment_.lips().acquire(lip, 0, 0), 0);
  for (uint32_t port = kFirstLocalPort; port < kFirstLocalPort + 20'000; ++port)
    rest(NatSlots::index(0, Protocol::kTcp, static_cast<uint16_t>(port)), Quarantine::kTimeWait, kNow);

  SlotShare share(0, 1, segment_);
  share.follow(lips_snapshot());

  for (unsigned i = 0; i < 1000; ++i) EXPECT_TRUE(claim(kServer, kNow, &share)) << "claim " << i;
}

TEST_F(SlotShareTest, AClosedSlotIsFoundAgainWhenAllOthersAreInUse) {
  std::optional<SlotIndex> last;
  while (const auto index = claim()) {
    open(*index);
    last = index;
  }
  NatSlot& slot = slots_.at(*last);
  NatSlots::close(slot, SlotControl(slot.control.load()), Quarantine::kBrief, kNow);

  share_.closed(*last);

  EXPECT_FALSE(claim());
  EXPECT_EQ(claim(kServer, static_cast<Tick>(kNow + ticks_of_s(2))), last);
}

TEST_F(SlotShareTest, TheLastFreePortIsFound) {
  for (uint32_t port = kFirstLocalPort; port <= 65535; ++port)
    if (port != 50'000) open(NatSlots::index(0, Protocol::kTcp, static_cast<uint16_t>(port)));

  EXPECT_EQ(claim(), NatSlots::index(0, Protocol::kTcp, 50'000));
}

TEST_F(SlotShareTest, WithEveryPortInUseThereIsNothingToClaim) {
  for (uint32_t port = kFirstLocalPort; port <= 65535; ++port)
    open(NatSlots::index(0, Protocol::kTcp, static_cast<uint16_t>(port)));

  EXPECT_FALSE(claim());
}

}  // namespace
}  // namespace lb
