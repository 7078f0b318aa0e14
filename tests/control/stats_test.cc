// SPDX-License-Identifier: MIT
// GET /v1/stats: the workers' counters, summed and named.
#include "control/stats.h"

#include "control/load.h"
#include "control/passive_health.h"
#include "tests/control/rig.h"

namespace control {
namespace {

using test::Json;

class StatsTest : public ::testing::Test {
 protected:
  StatsTest() { EXPECT_TRUE(rig.start().ok()); }

  test::Rig rig;
};

TEST_F(StatsTest, SumTheWorkersAndNameEveryDropReason) {
  rig.counters[0].ports[1].rx_packets.add(3);
  rig.counters[1].ports[1].rx_packets.add(4);
  rig.counters[1].drops[static_cast<unsigned>(lb::DropReason::kNoFlow)].add(9);
  lb::Identity name;
  name.kind = lb::IdentityKind::kService;
  name.name_hash = lb::name_hash("rtmp");
  const auto id = rig.segment.services().find(name);
  ASSERT_TRUE(id);
  rig.counters[0].services[*id].bytes_out.add(1000);
  rig.counters[1].services[*id].bytes_out.add(500);

  const Json stats = rig.get("/v1/stats");
  EXPECT_EQ(stats.at("ports").at(1).at("port"), "inside");
  EXPECT_EQ(stats.at("ports").at(1).at("rx_packets"), 7);
  EXPECT_EQ(stats.at("workers").size(), 2u);
  EXPECT_EQ(stats.at("workers").at(1).at("dropped"), 9);
  EXPECT_EQ(stats.at("services").at(0).at("service"), "rtmp");
  EXPECT_EQ(stats.at("services").at(0).at("bytes_out"), 1500);
  EXPECT_EQ(stats.at("backends").at(1).at("backend"), "10.20.0.12");
  ASSERT_EQ(stats.at("drops").size(), lb::kDropReasonCount);
  for (const Json& drop : stats.at("drops")) {
    EXPECT_FALSE(drop.at("text").get<std::string>().empty());
    EXPECT_EQ(drop.at("packets"), drop.at("reason") == "no_flow" ? 9 : 0);
  }
}

TEST_F(StatsTest, SayWhatTrafficSaysAgainstABackendAndWhoIsSuspectedForIt) {
  PassiveHealth passive;
  std::vector<std::string> suspected;
  const auto look = [&] {
    passive.look(rig.engine, rig.spec,
                 [&](const std::string& pool, const lb::Endpoint& backend, const std::string& why) {
                   suspected.push_back(pool + " " + backend.to_string() + ": " + why);
                 });
  };
  lb::Identity identity;
  identity.kind = lb::IdentityKind::kBackend;
  identity.address = *lb::IpAddress::parse("10.20.0.12");
  identity.name_hash = lb::name_hash("live");
  const auto id = rig.segment.backends().find(identity);
  ASSERT_TRUE(id);
  rig.counters[0].failures[*id].refused.add(5);
  look();
  EXPECT_TRUE(suspected.empty()) << "of before it was looked at";

  rig.counters[0].failures[*id].refused.add(1);
  rig.counters[1].failures[*id].refused.add(2);
  rig.counters[1].failures[*id].unreachable.add(1);
  look();
  look();

  EXPECT_EQ(suspected, (std::vector<std::string>{"live 10.20.0.12: 3 refused, 1 unreachable"}));
  const Json row = rig.get("/v1/stats").at("backends").at(1);
  EXPECT_EQ(row.at("refused"), 8);
  EXPECT_EQ(row.at("unreachable"), 1);
  EXPECT_EQ(row.at("unanswered"), 0);
}

TEST_F(StatsTest, AHostIsHeardWhenAnyOfItsFlowsIs) {
  PassiveHealth passive;
  lb::Identity identity;
  identity.kind = lb::IdentityKind::kBackend;
  identity.address = *lb::IpAddress::parse("10.20.0.12");
  identity.name_hash = lb::name_hash("live");
  const auto id = rig.segment.backends().find(identity);
  ASSERT_TRUE(id);
  const auto look = [&] {
    passive.look(rig.engine, rig.spec, [](const auto&...) {});
    return passive.heard_ms(identity.address);
  };
  EXPECT_EQ(look(), 0u);
  rig.counters[1].backends[*id].packets_out.add(1);
  const uint64_t heard = look();
  EXPECT_EQ(heard, rig.engine.now().ms);
  EXPECT_EQ(look(), heard) << "nothing came since";
  EXPECT_EQ(passive.heard_ms(*lb::IpAddress::parse("10.20.0.11")), 0u);
}

TEST_F(StatsTest, CountConnectionIdsByConfigurationAndByWhyTheyNamedNobody) {
  rig.counters[0].cid_routed[2].add(3);
  rig.counters[1].cid_routed[2].add(4);
  rig.counters[1].cid_unroutable[static_cast<unsigned>(lb::Unroutable::kUnknownServer)].add(5);
  rig.counters[0].cid_moves.add(1);

  const Json ids = rig.get("/v1/stats").at("connection_ids");
  EXPECT_EQ(ids.at("routed"), Json::parse(R"({"0":0,"1":0,"2":7,"3":0,"4":0,"5":0,"6":0})"));
  EXPECT_EQ(ids.at("unroutable").size(), lb::kUnroutableCount - 1);
  for (const auto& [reason, packets] : ids.at("unroutable").items())
    EXPECT_EQ(packets, reason == "unknown_server" ? 5 : 0) << reason;
  EXPECT_EQ(ids.at("moves"), 1);
}

TEST_F(StatsTest, CountSessionsByTheRungThatFoundTheirServer) {
  const auto hash = static_cast<unsigned>(lb::Rung::kHash);
  rig.counters[0].ice.sessions[hash].add(3);
  rig.counters[1].ice.sessions[hash].add(4);
  rig.counters[1].ice.attached.add(5);

  const Json sessions = rig.get("/v1/stats").at("sessions");
  EXPECT_EQ(sessions.at("opened"),
            Json::parse(R"({"told":0,"ufrag":0,"whip":0,"asked":0,"hash":7,"tuple":0})"));
  EXPECT_EQ(sessions.at("attached"), 5);
}

TEST_F(StatsTest, CountMovesOfSessionsByKindAndByTheSilenceBefore) {
  rig.counters[0].ice.moves_proven.add(2);
  rig.counters[1].ice.moves_challenged.add(1);
  for (const uint32_t gap_ms : {250, 750, 3'600'000}) rig.counters[gap_ms % 2].ice.gap(gap_ms);

  const Json sessions = rig.get("/v1/stats").at("sessions");
  EXPECT_EQ(sessions.at("moves"), Json::parse(R"({"proven":2,"challenged":1,"provisional":0})"));
  EXPECT_EQ(sessions.at("gap_ms_sum"), 3'601'000);
  for (const Json& gap : sessions.at("gaps")) {
    const bool has_one =
        gap.at("up_to_ms").is_null() || gap.at("up_to_ms") == 250 || gap.at("up_to_ms") == 1000;
    EXPECT_EQ(gap.at("moves"), has_one ? 1 : 0) << gap;
  }
  EXPECT_TRUE(sessions.at("gaps").back().at("up_to_ms").is_null());
}

// A worker that was busy for a quarter of so many cycles, with a packet for each 100 busy ones.
void work(lb::WorkerCounters& counters, uint64_t cycles) {
  lb::LoadCounters& load = counters.load;
  load.busy_cycles.add(cycles / 4);
  load.polling_cycles.add(cycles / 4);
  load.resting_cycles.add(cycles / 2);
  for (uint64_t packets = cycles / 400; packets > 0; packets -= 8) {
    load.burst(8);
    counters.ports[0].rx_packets.add(8);
  }
  load.timed_packets.add(8);
  load.stage_cycles[static_cast<unsigned>(lb::Stage::kForward)].add(8 * 40);
}

TEST_F(StatsTest, LoadIsSharesOfTimeAndAveragesOfPacketsAndBursts) {
  work(rig.counters[1], 320'000);

  const Json workers = rig.get("/v1/stats").at("workers");
  EXPECT_TRUE(workers.at(0).at("load").is_null()) << "its clock stands still";
  const Json load = workers.at(1).at("load");
  EXPECT_EQ(load.at("busy"), 0.25);
  EXPECT_EQ(load.at("polling"), 0.25);
  EXPECT_EQ(load.at("resting"), 0.5);
  EXPECT_EQ(load.at("packets"), 800);
  EXPECT_EQ(load.at("cycles_per_packet"), 100);
  EXPECT_EQ(load.at("frames_per_burst"), 8);
  EXPECT_EQ(load.at("stage_cycles_per_packet").at("forward"), 40);
  EXPECT_EQ(load.at("stage_cycles_per_packet").at("rx"), 0);
  EXPECT_EQ(workers.at(1).at("busy_cycles"), 80'000);
}

TEST_F(StatsTest, AnAverageOfNothingIsNull) {
  rig.counters[0].load.polling_cycles.add(3'000'000'000);

  const Json load = rig.get("/v1/stats").at("workers").at(0).at("load");
  EXPECT_EQ(load.at("seconds"), 1.5);
  EXPECT_EQ(load.at("busy"), 0);
  EXPECT_TRUE(load.at("cycles_per_packet").is_null());
  EXPECT_TRUE(load.at("frames_per_burst").is_null());
  EXPECT_TRUE(load.at("stage_cycles_per_packet").at("classify").is_null());
}

TEST_F(StatsTest, LoadForgetsWhatWasBeforeItsWindow) {
  LoadWindow window;
  work(rig.counters[0], 320'000);
  for (size_t second = 1; second < LoadWindow::kSeconds; ++second) window.look(rig.engine);
  EXPECT_EQ(window.of(rig.engine, 0).all_cycles(), 320'000u);

  window.look(rig.engine);
  work(rig.counters[0], 3'200);
  EXPECT_EQ(window.of(rig.engine, 0).all_cycles(), 3'200u);
  EXPECT_EQ(window.of(rig.engine, 0).packets, 8u);
  for (size_t second = 0; second < LoadWindow::kSeconds; ++second) window.look(rig.engine);

  EXPECT_TRUE(load_json(window.of(rig.engine, 0), 1).is_null());
}

}  // namespace
}  // namespace control
