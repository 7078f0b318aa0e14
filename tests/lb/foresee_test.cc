// SPDX-License-Identifier: MIT
#include "lb/foresee.h"

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb::test {
namespace {

constexpr const char* kVip = "10.10.0.100:8000";

Foreseen look(Rig& rig, const std::string& client, const std::string& vip = kVip,
              Protocol protocol = Protocol::kUdp) {
  return foresee(rig.snapshot(), rig.segment(), endpoint(client), endpoint(vip), protocol);
}
IpAddress address_of(Rig& rig, BackendId id) { return rig.snapshot().backends[id].address; }

// For each of many clients of `service`: the backend that was foreseen is the one that the packet then got.
void expect_foreseen(Rig& rig, const std::string& network, const std::string& vip, Foresight on) {
  for (unsigned i = 0; i < 300; ++i) {
    const std::string client = network + std::to_string(1 + i % 200) +
                               (network.find(':') == std::string::npos ? ":" : "]:") +
                               std::to_string(30000 + i);
    const Foreseen seen = look(rig, client, vip);
    ASSERT_FALSE(seen.entry) << client;
    ASSERT_TRUE(seen.backend) << client;
    ASSERT_TRUE(seen.depends_on == on || seen.depends_on == Foresight::kClient) << client;
    const Outcome outcome = rig.send(udp(client, vip));
    ASSERT_EQ(outcome.action, Action::kTx) << outcome;
    ASSERT_EQ(outcome.fields().destination.address, address_of(rig, *seen.backend)) << client;
    const Foreseen after = look(rig, client, vip);
    ASSERT_TRUE(after.entry) << client;
    ASSERT_EQ(after.entry->backend(), *seen.backend) << client;
  }
}

TEST(Foresee, SaysWhomMaglevGivesANewFlow) {
  Rig rig;
  expect_foreseen(rig, "198.51.100.", kVip, Foresight::kHash);
  expect_foreseen(rig, "[2001:db8:c::", "[2001:db8:10::100]:8000", Foresight::kHash);
}

TEST(Foresee, SaysWhomAClientHasOrGetsBySourceIp) {
  Rig rig([](SnapshotSpec& spec) {
    for (const char* name : {"rtc", "rtc6"}) service(spec, name).affinity = Affinity::kSourceIp;
  });
  expect_foreseen(rig, "198.51.100.", kVip, Foresight::kNetwork);
  expect_foreseen(rig, "[2001:db8:c::", "[2001:db8:10::100]:8000", Foresight::kNetwork);
  EXPECT_EQ(look(rig, "198.51.100.1:9").depends_on, Foresight::kClient);
}

TEST(Foresee, DoesNotPromiseWhatDependsOnThePacket) {
  for (const auto& [pick, on] :
       {std::pair{PickMethod::kWrr, Foresight::kTurn}, std::pair{PickMethod::kLeastLoad, Foresight::kLoad}}) {
    Rig rig([method = pick](SnapshotSpec& spec) { pool(spec, "srs").pick = method; });
    const Foreseen seen = look(rig, "198.51.100.7:40000");
    EXPECT_EQ(seen.depends_on, on);
    EXPECT_FALSE(seen.backend);
  }
  Rig rig([](SnapshotSpec& spec) { service(spec, "rtc").affinity = Affinity::kIce; });
  EXPECT_EQ(look(rig, "198.51.100.7:40000").depends_on, Foresight::kSession);
}

TEST(Foresee, OfAServiceThatReadsStreamsOnlyTheStreamSays) {
  Rig rig([](SnapshotSpec& spec) {
    service(spec, "rtmp").affinity = Affinity::kStream;
    for (BackendSpec& backend : pool(spec, "srs").backends) backend.weight = 0;
  });
  const Foreseen seen = look(rig, "198.51.100.7:40000", "10.10.0.100:1935", Protocol::kTcp);
  EXPECT_EQ(seen.depends_on, Foresight::kStream) << "its routes may lead to another pool";
  EXPECT_FALSE(seen.backend);
}

TEST(Foresee, OneBackendIsCertainWhateverThePick) {
  Rig rig([](SnapshotSpec& spec) {
    pool(spec, "srs").pick = PickMethod::kWrr;
    for (unsigned i : {0U, 2U}) pool(spec, "srs").backends[i].weight = 0;
  });
  const Foreseen seen = look(rig, "198.51.100.7:40000");
  EXPECT_EQ(seen.depends_on, Foresight::kOnly);
  ASSERT_TRUE(seen.backend);
  EXPECT_EQ(address_of(rig, *seen.backend), ip("10.20.0.12"));
}

TEST(Foresee, NobodyTakesNewSessionsAndNothingIsServed) {
  Rig rig([](SnapshotSpec& spec) {
    for (BackendSpec& backend : pool(spec, "srs").backends) backend.weight = 0;
  });
  EXPECT_EQ(look(rig, "198.51.100.7:40000").depends_on, Foresight::kNobody);
  EXPECT_NE(look(rig, "198.51.100.7:40000").service, nullptr);
  EXPECT_EQ(look(rig, "198.51.100.7:40000", "10.10.0.100:9").service, nullptr);
  EXPECT_EQ(look(rig, "198.51.100.7:40000", "10.20.0.100:8000").service, nullptr);
  EXPECT_EQ(look(rig, "198.51.100.7:40000", kVip, Protocol::kTcp).service, nullptr);
}

TEST(Foresee, AKnownFlowIsFoundAndNotTouched) {
  Rig rig;
  rig.send(udp("198.51.100.7:40000", kVip));
  const auto before = look(rig, "198.51.100.7:40000").entry;
  rig.jump_ms(3000);
  const auto after = look(rig, "198.51.100.7:40000").entry;
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->raw(), after->raw());
}

}  // namespace
}  // namespace lb::test
