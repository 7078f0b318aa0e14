// SPDX-License-Identifier: MIT
// When slots and entries come back: embryonic, idle and closed flows, and the rest between two uses of a port.
#include <gtest/gtest.h>

#include <map>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

constexpr const char *kRtmp = "10.10.0.100:1935", *kRtc = "10.10.0.100:8000";

std::string client(unsigned n) {
  return "198.51.100." + std::to_string(n / 60000) + ":" + std::to_string(1024 + n % 60000);
}

void one_backend(SnapshotSpec& spec) {
  pool(spec, "srs").backends.resize(1);
  for (ServiceSpec& each : spec.services) each.idle_timeout_s = 20;
}

class Housekeep : public testing::Test {
 protected:
  Endpoint open(FrameBuilder frame) {
    const Outcome out = rig_.send(frame);
    EXPECT_EQ(to_string(out), "tx");
    return out.fields().source;
  }
  Outcome reply(const Endpoint& lip, FrameBuilder (*frame)(std::string_view, std::string_view),
                uint8_t flags = tcp_flag::kAck) {
    const char* backend = frame == tcp ? "10.20.0.11:1935" : "10.20.0.11:8000";
    return rig_.send(frame(backend, lip.to_string()).flags(flags).to(kInsideMac), kInside);
  }
  Endpoint establish(unsigned n) {
    const Endpoint lip = open(tcp(client(n), kRtmp).syn());
    reply(lip, tcp, tcp_flag::kSyn | tcp_flag::kAck);
    rig_.send(tcp(client(n), kRtmp));
    return lip;
  }
  SlotControl control(const Endpoint& lip, Protocol protocol) {
    const LipIndex index = rig_.snapshot().addresses.find(lip.address)->lip;
    return SlotControl(rig_.segment().slots().at(NatSlots::index(index, protocol, lip.port)).control.load());
  }
  uint64_t entries() {
    uint64_t count = 0;
    const auto add = [&](auto& table) {
      for (uint64_t b = 0; b < table.buckets(); ++b) table.visit(b, [&](auto&, auto&) { ++count; });
    };
    add(rig_.segment().flows().narrow);
    add(rig_.segment().flows().wide);
    return count;
  }

  Rig rig_{one_backend};
};

TEST_F(Housekeep, AUdpFlowThatNobodyAnswersIsForgottenAfterFiveSeconds) {
  open(udp(client(1), kRtc));

  rig_.wait_s(4);
  EXPECT_EQ(rig_.open_flows("rtc"), 1);
  rig_.wait_s(7);

  EXPECT_EQ(rig_.open_flows("rtc"), 0);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(Housekeep, AnAnsweredUdpFlowLivesUntilItsIdleTimeOut) {
  const Endpoint lip = open(udp(client(1), kRtc));
  EXPECT_EQ(to_string(reply(lip, udp)), "tx");

  rig_.wait_s(16);
  EXPECT_EQ(rig_.open_flows("rtc"), 1);
  rig_.wait_s(11);

  EXPECT_EQ(rig_.open_flows("rtc"), 0);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(Housekeep, AUdpFlowThatOnlyTheClientFeedsLives) {
  const Endpoint lip = open(udp(client(1), kRtc));
  for (int i = 0; i < 15; ++i) {
    rig_.wait_s(2);
    EXPECT_EQ(rig_.send(udp(client(1), kRtc)).fields().source, lip);
  }
}

TEST_F(Housekeep, AUdpFlowThatOnlyTheServerFeedsLives) {
  const Endpoint lip = open(udp(client(1), kRtc));
  for (int i = 0; i < 15; ++i) {
    rig_.wait_s(3);
    EXPECT_EQ(to_string(reply(lip, udp)), "tx") << i;
  }
  EXPECT_EQ(rig_.send(udp(client(1), kRtc)).fields().source, lip);
}

TEST_F(Housekeep, ASynNeverAnsweredIsForgottenAfterThirtySeconds) {
  const Endpoint lip = open(tcp(client(1), kRtmp).syn());

  rig_.wait_s(28);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kEmbryonic), 1U);
  rig_.wait_s(7);

  EXPECT_EQ(control(lip, Protocol::kTcp).quarantine(), Quarantine::kNone);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(Housekeep, AHalfClosedFlowEndsSooner) {
  rig_.reload([](SnapshotSpec& spec) {
    spec.timeouts.half_closed_s = 10;
    for (ServiceSpec& each : spec.services) each.idle_timeout_s = 900;
  });
  const Endpoint half = establish(1), whole = establish(2);
  reply(half, tcp, tcp_flag::kFin | tcp_flag::kAck);

  rig_.wait_s(9);
  EXPECT_EQ(rig_.open_flows("rtmp"), 2);
  rig_.wait_s(7);

  EXPECT_EQ(rig_.open_flows("rtmp"), 1);
  EXPECT_EQ(control(half, Protocol::kTcp).quarantine(), Quarantine::kTimeWait) << "the server closed first";
  EXPECT_EQ(control(whole, Protocol::kTcp).state(), SlotState::kLive);
}

TEST_F(Housekeep, TimeOutsAreThoseOfTheConfiguration) {
  rig_.reload([](SnapshotSpec& spec) { spec.timeouts = {3, 3, 20, 30}; });
  open(tcp(client(1), kRtmp).syn());
  open(udp(client(2), kRtc));
  const Endpoint closed = establish(3);
  reply(closed, tcp, tcp_flag::kFin | tcp_flag::kAck);
  rig_.send(tcp(client(3), kRtmp).fin());

  rig_.wait_s(10);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kEmbryonic), 1U) << "UDP's";
  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 1U) << "the closed one";
  rig_.wait_s(26);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kEmbryonic), 0U);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 0U);
}

// The server answers every SYN; from a forged source nobody acknowledges that, and the server repeats it for a minute.
TEST_F(Housekeep, AFloodOfForgedSynsHoldsNoSlotForLong) {
  std::vector<Endpoint> lips;
  for (unsigned n = 0; n < 100; ++n) lips.push_back(open(tcp(client(n), kRtmp).syn()));
  for (int i = 0; i < 12; ++i) {
    for (const Endpoint& lip : lips) reply(lip, tcp, tcp_flag::kSyn | tcp_flag::kAck);
    rig_.wait_s(3);
  }

  EXPECT_EQ(rig_.open_flows("rtmp"), 0);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(Housekeep, AnIdleTcpFlowLivesUntilItsTimeOut) {
  const Endpoint lip = establish(1);

  rig_.wait_s(16);
  EXPECT_EQ(to_string(rig_.send(tcp(client(1), kRtmp))), "tx");
  rig_.wait_s(30);

  EXPECT_EQ(rig_.open_flows("rtmp"), 0);
  EXPECT_EQ(control(lip, Protocol::kTcp).quarantine(), Quarantine::kIdle);
}

TEST_F(Housekeep, AServerThatClosedFirstIsSparedItsPortForAMinute) {
  const Endpoint lip = establish(1);
  reply(lip, tcp, tcp_flag::kFin | tcp_flag::kAck);
  rig_.send(tcp(client(1), kRtmp).fin());

  rig_.wait_s(8);
  const SlotControl resting = control(lip, Protocol::kTcp);
  EXPECT_EQ(resting.state(), SlotState::kQuarantine);
  EXPECT_EQ(resting.quarantine(), Quarantine::kTimeWait);
  const NatSlot& slot = rig_.segment().slots().at(
      NatSlots::index(rig_.snapshot().addresses.find(lip.address)->lip, Protocol::kTcp, lip.port));
  rig_.wait_s(50);
  EXPECT_FALSE(SlotShare::is_claimable(slot, resting.backend(), rig_.now().tick()));
  EXPECT_TRUE(
      SlotShare::is_claimable(slot, static_cast<BackendId>(resting.backend() + 1), rig_.now().tick()));
  rig_.wait_s(15);
  EXPECT_TRUE(SlotShare::is_claimable(slot, resting.backend(), rig_.now().tick()));
}

TEST_F(Housekeep, AClientThatClosedFirstFreesThePortAfterASecond) {
  const Endpoint lip = establish(1);
  rig_.send(tcp(client(1), kRtmp).fin());
  reply(lip, tcp, tcp_flag::kFin | tcp_flag::kAck);

  rig_.wait_s(8);

  EXPECT_EQ(control(lip, Protocol::kTcp).quarantine(), Quarantine::kBrief);
}

TEST_F(Housekeep, RestingSlotsAreFreeInTheEnd) {
  for (unsigned n = 0; n < 50; ++n) {
    const Endpoint lip = establish(n);
    reply(lip, tcp, tcp_flag::kFin | tcp_flag::kAck);
    rig_.send(tcp(client(n), kRtmp).fin());
  }

  rig_.wait_s(80);

  EXPECT_EQ(rig_.slots_in_state(SlotState::kQuarantine), 0U);
  EXPECT_EQ(rig_.slots_in_state(SlotState::kLive), 0U);
}

TEST_F(Housekeep, AFlowOfARemovedServiceIsForgottenAndCountsForNobodyElse) {
  open(udp(client(1), kRtc));
  const ServiceSpec rtc = rig_.spec().services[1];
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) { spec.services.erase(spec.services.begin() + 1); }));
  EXPECT_EQ(to_string(rig_.send(udp(client(1), kRtc))), "drop no_service") << "it takes nothing any more";

  rig_.jump_ms(101'000);
  rig_.wait_s(12);

  EXPECT_EQ(entries(), 0U);
  ASSERT_TRUE(rig_.reload([&](SnapshotSpec& spec) { spec.services.push_back(rtc); }));
  for (const ServiceSpec& each : rig_.spec().services) EXPECT_EQ(rig_.open_flows(each.name), 0) << each.name;
}

TEST_F(Housekeep, AServiceThatComesBackFindsItsFlows) {
  const Endpoint lip = establish(1);
  const ServiceSpec rtmp = rig_.spec().services[0];
  ASSERT_TRUE(rig_.reload([](SnapshotSpec& spec) { spec.services.erase(spec.services.begin()); }));
  rig_.wait_s(5);
  ASSERT_TRUE(rig_.reload([&](SnapshotSpec& spec) { spec.services.push_back(rtmp); }));

  EXPECT_EQ(rig_.send(tcp(client(1), kRtmp)).fields().source, lip);
  EXPECT_EQ(rig_.open_flows("rtmp"), 1);
}

TEST_F(Housekeep, ASleepyWorkerCatchesUpInSmallSteps) {
  for (unsigned n = 0; n < 20; ++n) open(udp(client(n), kRtc));
  rig_.jump_ms(3'600'000);

  rig_.wait_s(12);

  EXPECT_EQ(rig_.open_flows("rtc"), 0);
}

TEST(HousekeepIpv6, WideEntriesExpireLikeNarrowOnes) {
  Rig rig;
  rig.send(udp("[2001:db8:c::7]:40000", "[2001:db8:10::100]:8000"));
  EXPECT_EQ(rig.open_flows("rtc6"), 1);

  rig.wait_s(11);

  EXPECT_EQ(rig.open_flows("rtc6"), 0);
}

TEST(HousekeepWorkers, EachWorkerSweepsItsOwnShare) {
  Rig rig([](SnapshotSpec& spec) { pool(spec, "srs").backends.resize(1); }, 3);
  std::map<uint16_t, unsigned> owners;
  for (unsigned n = 0; n < 90; ++n)
    owners[rig.send(udp(client(n), kRtc), kOutside, n % 3).fields().source.port] = n % 3;
  EXPECT_EQ(owners.size(), 90U) << "no port twice";
  EXPECT_EQ(rig.open_flows("rtc"), 90);

  rig.wait_s(11);

  EXPECT_EQ(rig.open_flows("rtc"), 0);
}

}  // namespace
}  // namespace lb
