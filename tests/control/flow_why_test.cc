// SPDX-License-Identifier: MIT
// GET /v1/flows/why and `cleatctl flow why`.
#include "control/flow_why.h"

#include "tests/control/ice_rig.h"
#include "tests/control/spawn_cleatctl.h"

namespace control {
namespace {

using test::Json;
using test::Ran;
using test::Rig;

constexpr char kClient[] = "192.0.2.7:5555", kVip[] = "10.10.0.100:1935";

class FlowWhyTest : public test::CleatctlTest<Rig> {
 protected:
  Json why(const std::string& client = kClient, const std::string& vip = kVip) {
    return rig.get("/v1/flows/why?client=" + client + "&vip=" + vip);
  }
  std::string words() { return run({"flow", "why", kClient, kVip}).out; }
  // The flow of kClient, as a worker opens it.
  void open(lb::SlotIndex slot) {
    lb::NarrowTable& table = rig.segment.flows().narrow;
    const lb::Endpoint client = test::endpoint(kClient);
    const auto key = lb::narrow_key(client.address, client.port, rig.snapshot->services[0].listener);
    ASSERT_TRUE(
        table.insert(key, table.hash(key), slot, rig.snapshot->pools[0].members[0], rig.now.tick()).found);
  }
  void open_nat() {
    rig.open_flow(0, 40000, "192.0.2.7", 5555);
    open(lb::NatSlots::index(0, lb::Protocol::kTcp, 40000));
  }
};

TEST_F(FlowWhyTest, AKnownFlowHasABackendASlotAndAReason) {
  open_nat();
  rig.now.ms += 3000;

  const Json flow = why().at("flows").at(0);
  EXPECT_EQ(flow, Json::parse(R"({"backend":"10.20.0.11:1935","lip":"10.20.0.100:40000","state":"embryonic",
    "idle_s":3,"age_s":null,"session":null,"rung":null,"stream":null,"pinned_by":"pick"})"));
  const std::string said = words();
  EXPECT_NE(said.find("192.0.2.7:5555 to 10.10.0.100:1935/tcp is service rtmp"), std::string::npos) << said;
  EXPECT_NE(said.find("on 10.20.0.11:1935, which sees it as 10.20.0.100:40000; embryonic, idle for 3 s. "
                      "maglev picked it when the flow opened."),
            std::string::npos)
      << said;
}

TEST_F(FlowWhyTest, AFlowWithoutASlotHasABackendAllTheSame) {
  open(lb::kNoSlot);
  const Json flow = why().at("flows").at(0);
  EXPECT_EQ(flow.at("backend"), "10.20.0.11:1935");
  EXPECT_TRUE(flow.at("lip").is_null());
  EXPECT_TRUE(flow.at("state").is_null());
}

TEST_F(FlowWhyTest, WithoutAFlowItSaysWhomANewOneGets) {
  const Json next = why().at("new_flow");
  EXPECT_EQ(next.at("depends_on"), "hash");
  const auto backend = next.at("backend").get<std::string>();
  EXPECT_TRUE(backend == "10.20.0.11:1935" || backend == "10.20.0.12:1935") << backend;
  EXPECT_NE(words().find("No flow is known. A new one would go to " + backend +
                         ": the hash of client and service falls on it (pick maglev).\n"
                         "All 2 backends of the pool take new sessions.\n"),
            std::string::npos)
      << words();
}

TEST_F(FlowWhyTest, WhoIsExcludedIsNamedWithTheReasonAndTheTime) {
  ASSERT_EQ(run({"backend", "drain", "live", "10.20.0.11"}).code, 0);
  EXPECT_EQ(why().at("new_flow").at("depends_on"), "only");
  EXPECT_NE(words().find("would go to 10.20.0.12:1935: no other takes new sessions.\n"
                         "1 of 2 backends take new sessions. Not: 10.20.0.11 drains since 20"),
            std::string::npos)
      << words();

  ASSERT_EQ(run({"backend", "weight", "live", "10.20.0.12", "0"}).code, 0);
  EXPECT_NE(words().find("would be dropped as no_backend"), std::string::npos) << words();
  EXPECT_NE(words().find("10.20.0.12 has weight 0 (an operator's)"), std::string::npos) << words();
}

TEST_F(FlowWhyTest, WhereNothingIsServedItSaysSo) {
  const Ran ran = run({"flow", "why", kClient, "10.10.0.100:1936"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("nothing is served on 10.10.0.100:1936"), std::string::npos) << ran.err;
  EXPECT_EQ(run({"flow", "why", kClient, std::string(kVip) + "/udp"}).code, 1);
  EXPECT_EQ(run({"flow", "why", kClient, std::string(kVip) + "/tcp"}).code, 0);
}

TEST_F(FlowWhyTest, HalfAQuestionIsRefused) {
  for (const char* query : {"client=192.0.2.7&vip=10.10.0.100:1935", "client=192.0.2.7:5",
                            "vip=10.10.0.100:1935", "client=192.0.2.7:5&vip=10.10.0.100:1935&protocol=icmp",
                            "client=[2001:db8::7]:5&vip=10.10.0.100:1935", "colour=red"})
    EXPECT_EQ(rig.ask("GET", std::string("/v1/flows/why?") + query).status, 422u) << query;
  EXPECT_EQ(run({"flow", "why", kClient}).code, 2);
}

class IceFlowWhyTest : public test::CleatctlTest<test::IceRig> {};

TEST_F(IceFlowWhyTest, AnIceFlowIsItsSessionsAndANewOneNeedsACheck) {
  const auto found = rig.open("srvufrag:CLI1", lb::Rung::kUfrag, "198.51.100.7:40000", 40001);
  lb::NarrowTable& table = rig.segment.flows().narrow;
  const auto key = lb::narrow_key(*lb::IpAddress::parse("198.51.100.7"), 40000, rig.listener());
  const auto slot = lb::NatSlots::index(0, lb::Protocol::kUdp, 40001);
  ASSERT_TRUE(table.insert(key, table.hash(key), slot, rig.backend_id(0), rig.now.tick()).found);
  rig.now.ms += 7000;

  const Ran ran = run({"flow", "why", "198.51.100.7:40000", "10.10.0.100:8000"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("It carries the session srvufrag:CLI1, which is there by rung ufrag and 7s old"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.out.find("is opened by a check of ICE alone"), std::string::npos) << ran.out;
  EXPECT_TRUE(found.control.is_open());
}

}  // namespace
}  // namespace control
