// SPDX-License-Identifier: MIT
// New flows: what happens when there is no port, no place in the table, or somebody else was faster.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kRtmp = "10.10.0.100:1935", *kRtc = "10.10.0.100:8000";
constexpr SegmentGeometry kRoomy{.flows_v4 = 1U << 14, .flows_wide = 1U << 12, .lips = 2};
// Worker 0 of so many has this share of a LIP's ports.
constexpr unsigned kWorkers = 16, kShare = kLocalPorts / kWorkers;
constexpr SegmentGeometry kCramped{.flows_v4 = 1U << 10, .flows_wide = 1U << 10, .lips = 2};

std::string client(unsigned n) {
  return "198.51." + std::to_string(n / 10000) + ".7:" + std::to_string(1024 + n % 10000);
}
void one_backend(SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); }

// Opens UDP flows until every port of the worker's share is taken.
void take_all_ports(Rig& rig) {
  for (unsigned n = 0; n < kShare; ++n) rig.send(udp(client(n), kRtc));
  ASSERT_EQ(rig.open_flows("rtc"), kShare);
}

TEST(OpenFlow, EveryFlowHasALipPortOfItsOwn) {
  Rig rig(one_backend);
  std::set<Endpoint> seen;
  for (unsigned n = 0; n < 500; ++n) seen.insert(rig.send(udp(client(n), kRtc)).fields().source);

  EXPECT_EQ(seen.size(), 500U);
  EXPECT_GE(seen.begin()->port, 1024);
}

TEST(OpenFlow, FlowsAreSpreadOverAllLips) {
  Rig rig([](SnapshotSpec& spec) {
    one_backend(spec);
    spec.lips.push_back(ip("10.20.0.101"));
    spec.lips.push_back(ip("10.20.0.102"));
  });
  std::map<IpAddress, unsigned> count;
  constexpr unsigned kEach = 15 * SlotShare::kBlock;
  for (unsigned n = 0; n < 3 * kEach; ++n) ++count[rig.send(udp(client(n), kRtc)).fields().source.address];

  ASSERT_EQ(count.size(), 3U);
  for (const auto& [lip, flows] : count) EXPECT_EQ(flows, kEach) << lip.to_string();
}

TEST(OpenFlow, ALipThatLeftTheConfigCarriesItsOldFlowsOnly) {
  Rig rig(one_backend);
  const Endpoint before = rig.send(udp(client(1), kRtc)).fields().source;
  ASSERT_TRUE(rig.reload([](SnapshotSpec& spec) { spec.lips[0] = ip("10.20.0.101"); }));

  EXPECT_EQ(rig.send(udp(client(1), kRtc)).fields().source, before);
  EXPECT_EQ(to_string(rig.send(udp("10.20.0.11:8000", before.to_string()).to(kInsideMac), kInside)), "tx");
  EXPECT_EQ(rig.send(udp(client(2), kRtc)).fields().source.address, ip("10.20.0.101"));
}

TEST(OpenFlow, WhenEveryPortIsTakenNewFlowsAreDropped) {
  Rig rig(one_backend, kWorkers, kRoomy);
  take_all_ports(rig);

  EXPECT_EQ(to_string(rig.send(udp(client(kShare), kRtc))), "drop lip_ports_exhausted");
  EXPECT_EQ(to_string(rig.send(udp(client(0), kRtc))), "tx") << "known flows go on";
  EXPECT_EQ(to_string(rig.send(tcp(client(0), kRtmp).syn())), "tx") << "TCP has ports of its own";
}

TEST(OpenFlow, WhenEveryPortIsTakenFlowsThatNobodyAnswersMakeWay) {
  Rig rig(one_backend, kWorkers, kRoomy);
  take_all_ports(rig);
  rig.jump_ms(1500);

  for (unsigned n = 0; n < 200; ++n) EXPECT_EQ(to_string(rig.send(udp(client(kShare + n), kRtc))), "tx") << n;
}

TEST(OpenFlow, AnEstablishedFlowNeverMakesWay) {
  Rig rig(one_backend, kWorkers, kRoomy);
  std::vector<Endpoint> lips;
  for (unsigned n = 0; n < kShare; ++n) {
    const Endpoint lip = rig.send(udp(client(n), kRtc)).fields().source;
    rig.send(udp("10.20.0.11:8000", lip.to_string()).to(kInsideMac), kInside);
  }
  for (int i = 0; i < 300; ++i) {
    rig.jump_ms(20);
    EXPECT_EQ(to_string(rig.send(udp(client(kShare), kRtc))), "drop lip_ports_exhausted");
  }
  EXPECT_EQ(rig.slots_in_state(SlotState::kLive), kShare);
}

TEST(OpenFlow, AFullTableRefusesNatAndLeavesNoSlotBehind) {
  Rig rig(one_backend, 1, kCramped);
  unsigned full = 0;
  for (unsigned n = 0; n < 2000; ++n)
    full += rig.send(udp(client(n), kRtc)).reason == DropReason::kTableFull ? 1 : 0;

  EXPECT_GT(full, 900U);
  EXPECT_EQ(rig.drops(DropReason::kTableFull), full);
  EXPECT_EQ(rig.slots_in_state(SlotState::kEmbryonic), 2000 - full);
  EXPECT_EQ(rig.open_flows("rtc"), 2000 - full);
}

TEST(OpenFlow, AfterAFloodATableTakesAsManyAsBefore) {
  Rig rig(one_backend, 1, kCramped);
  const auto most = static_cast<unsigned>(rig.segment().flows().narrow.capacity() * 8 / 10);
  for (unsigned n = 0; n < 4000; ++n) rig.send(udp(client(n), kRtc));
  ASSERT_GT(rig.drops(DropReason::kTableFull), 2000U);
  rig.wait_s(400);
  ASSERT_EQ(rig.open_flows("rtc"), 0);
  const uint64_t before = rig.drops(DropReason::kTableFull);

  for (unsigned n = 0; n < most; ++n) rig.send(udp(client(10'000 + n), kRtc));
  EXPECT_EQ(rig.drops(DropReason::kTableFull), before);
  EXPECT_EQ(rig.open_flows("rtc"), most);
}

TEST(OpenFlow, AFloodInOneTableIsNoneInTheOther) {
  Rig rig(one_backend, 1, kCramped);
  const auto most = static_cast<unsigned>(rig.segment().flows().narrow.capacity() * 8 / 10);
  for (unsigned n = 0; n < most; ++n) {
    for (unsigned i = 0; i < 8; ++i)
      rig.send(udp("[2001:db8:c::7]:" + std::to_string(1024 + 8 * n + i), "[2001:db8:10::100]:8000"));
    ASSERT_EQ(rig.send(udp(client(n), kRtc)).action, Action::kTx) << n;
  }
  EXPECT_GT(rig.drops(DropReason::kTableFull), 1000U);
}

TEST(OpenFlow, AFullTableIsSearchedForRoomOnlyNowAndThen) {
  RoomSearch search;
  unsigned searches = 0;
  for (unsigned n = 0; n < 648; ++n) {
    searches += search.worth_it() ? 1 : 0;
    search.refused();
  }
  EXPECT_EQ(searches, 8U + 10U);
  search.entered(0);
  EXPECT_TRUE(search.worth_it()) << "somebody left";
  search.refused();
  EXPECT_FALSE(search.worth_it());
  search.entered(1);
  EXPECT_TRUE(search.worth_it());
  search.refused();
  EXPECT_TRUE(search.worth_it()) << "it is not full";
}

TEST(OpenFlow, AFullTableDoesNotStopMaglevInDsr) {
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtc").forward = Forward::kDsr; }, 1, kCramped);
  for (unsigned n = 0; n < 2000; ++n) ASSERT_EQ(rig.send(udp(client(n), kRtc)).action, Action::kTx);
  const MacAddress once = rig.send(udp(client(1999), kRtc)).fields().destination_mac;

  EXPECT_EQ(rig.send(udp(client(1999), kRtc)).fields().destination_mac, once)
      << "untracked, yet the same way";
}

TEST(OpenFlow, AFullTableStopsDsrWhoseAnswerIsNotRepeatable) {
  Rig rig(
      [](SnapshotSpec& spec) {
        service(spec, "rtc").forward = Forward::kDsr;
        pool(spec, "srs").pick = PickMethod::kWrr;
      },
      1, kCramped);
  for (unsigned n = 0; n < 2000; ++n) rig.send(udp(client(n), kRtc));

  EXPECT_GT(rig.drops(DropReason::kTableFull), 900U);
}

TEST(OpenFlow, WhatOneWorkerOpenedAllWorkersKnow) {
  Rig rig({}, 2);
  const FrameFields first = rig.send(tcp(client(1), kRtmp).syn(), kOutside, 0).fields();

  const FrameFields second = rig.send(tcp(client(1), kRtmp), kOutside, 1).fields();
  const Outcome reply = rig.send(
      tcp(first.destination.to_string(), first.source.to_string()).to(kInsideMac).syn_ack(), kInside, 1);

  EXPECT_EQ(second.source, first.source);
  EXPECT_EQ(second.destination, first.destination);
  EXPECT_EQ(reply.fields().destination.to_string(), client(1));
}

TEST(OpenFlow, TheSameConfigPicksAlikeOnEveryBalancer) {
  Rig one, other([](SnapshotSpec&spec) {
    std::swap(pool(spec, "srs").backends[0], pool(spec, "srs").backends[2]);
    std::swap(spec.services[0], spec.services[1]);
  });
  for (unsigned n = 0; n < 100; ++n)
    EXPECT_EQ(one.send(udp(client(n), kRtc)).fields().destination,
              other.send(udp(client(n), kRtc)).fields().destination);
}

}  // namespace
}  // namespace lb
