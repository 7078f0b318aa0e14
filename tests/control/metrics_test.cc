// SPDX-License-Identifier: MIT
// GET /metrics: the text that Prometheus reads.
#include <algorithm>
#include <functional>
#include <map>
#include <sstream>

#include "tests/control/ice_rig.h"

namespace control {
namespace {

class MetricsTest : public ::testing::Test {
 protected:
  // {name{labels}: value}; every line must be a comment or that.
  std::map<std::string, double> metrics() {
    const test::Reply reply = rig.ask("GET", "/metrics");
    EXPECT_EQ(reply.status, 200u);
    EXPECT_NE(reply.head.find("Content-Type: text/plain; version=0.0.4; charset=utf-8"), std::string::npos)
        << reply.head;
    std::map<std::string, double> all;
    std::istringstream lines(reply.body);
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || line[0] == '#') continue;
      const size_t space = line.rfind(' ');
      EXPECT_NE(space, std::string::npos) << line;
      EXPECT_TRUE(all.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second) << line;
    }
    return all;
  }
  double value(const std::string& name) {
    const auto all = metrics();
    const auto found = all.find(name);
    EXPECT_NE(found, all.end()) << name;
    return found == all.end() ? -1 : found->second;
  }

  test::IceRig rig;
};

TEST_F(MetricsTest, CountersOfAllWorkersAreSummed) {
  rig.counters[0].services[1].packets_in.add(5);
  rig.counters[1].services[1].packets_in.add(7);
  rig.counters[1].drops[static_cast<unsigned>(lb::DropReason::kNoBackend)].add(3);
  rig.counters[0].ports[1].tx_bytes.add(1500);
  rig.counters[1].flow_misses.add(2);

  EXPECT_EQ(value(R"(cleat_service_packets_total{service="rtc",direction="in"})"), 12);
  EXPECT_EQ(value(R"(cleat_dropped_packets_total{reason="no_backend"})"), 3);
  EXPECT_EQ(value(R"(cleat_port_transmit_bytes_total{port="inside"})"), 1500);
  EXPECT_EQ(value(R"(cleat_worker_flow_lookups_total{worker="1",result="miss"})"), 2);
}

TEST_F(MetricsTest, BackendsShowTheirStateAndWeight) {
  ASSERT_EQ(rig.ask("PATCH", "/v1/pools/live/backends/10.20.0.11", R"({"weight":30})").status, 200u);
  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends/10.20.0.12/drain").status, 200u);
  const auto of = [this](const char* name, const char* host) {
    return value(std::string("cleat_backend_") + name + "{pool=\"live\",backend=\"10.20.0." + host + "\"}");
  };
  EXPECT_EQ(of("weight", "11"), 30);
  EXPECT_EQ(of("effective_weight", "11"), 30);
  EXPECT_EQ(of("draining", "11"), 0);
  EXPECT_EQ(of("healthy", "11"), 1);
  EXPECT_EQ(of("draining", "12"), 1);
  EXPECT_EQ(of("effective_weight", "12"), 0);
}

TEST_F(MetricsTest, SessionsAreCountedByRungMovesByKindAndGapsInAHistogram) {
  lb::IceCounters& ice = rig.counters[1].ice;
  ice.sessions[static_cast<unsigned>(lb::Rung::kAsked)].add(4);
  ice.moves_challenged.add(3);
  ice.refuse(lb::MoveRefusal::kNotSilent);
  for (const uint32_t ms : {250U, 750U, 60'000U}) ice.gap(ms);

  EXPECT_EQ(value(R"(cleat_sessions_opened_total{rung="asked"})"), 4);
  EXPECT_EQ(value(R"(cleat_sessions_opened_total{rung="told"})"), 0);
  EXPECT_EQ(value(R"(cleat_session_moves_total{kind="challenged"})"), 3);
  EXPECT_EQ(value(R"(cleat_session_moves_refused_total{reason="not_silent"})"), 1);
  EXPECT_EQ(value(R"(cleat_session_gap_seconds_bucket{le="0.25"})"), 1);
  EXPECT_EQ(value(R"(cleat_session_gap_seconds_bucket{le="1"})"), 2);
  EXPECT_EQ(value(R"(cleat_session_gap_seconds_bucket{le="+Inf"})"), 3);
  EXPECT_EQ(value("cleat_session_gap_seconds_count"), 3);
  EXPECT_EQ(value("cleat_session_gap_seconds_sum"), 61);
}

TEST_F(MetricsTest, WorkersTellHowTheirTimeGoesAndHowFullTheirBurstsAre) {
  lb::LoadCounters& load = rig.counters[1].load;
  load.busy_cycles.add(3'000'000'000);
  load.resting_cycles.add(1'000'000'000);
  for (const unsigned frames : {1U, 3U, 32U}) load.burst(frames);
  rig.counters[1].ports[0].rx_packets.add(36);
  load.stage_cycles[static_cast<unsigned>(lb::Stage::kTx)].add(500'000'000);
  load.timed_packets.add(32);

  EXPECT_EQ(value("cleat_tsc_hertz"), 2e9);
  EXPECT_EQ(value(R"(cleat_worker_time_seconds_total{worker="1",state="busy"})"), 1.5);
  EXPECT_EQ(value(R"(cleat_worker_time_seconds_total{worker="1",state="polling"})"), 0);
  EXPECT_EQ(value(R"(cleat_worker_time_seconds_total{worker="1",state="resting"})"), 0.5);
  EXPECT_EQ(value(R"(cleat_worker_burst_frames_bucket{worker="1",le="1"})"), 1);
  EXPECT_EQ(value(R"(cleat_worker_burst_frames_bucket{worker="1",le="31"})"), 2);
  EXPECT_EQ(value(R"(cleat_worker_burst_frames_bucket{worker="1",le="+Inf"})"), 3);
  EXPECT_EQ(value(R"(cleat_worker_burst_frames_sum{worker="1"})"), 36);
  EXPECT_EQ(value(R"(cleat_worker_stage_seconds_total{worker="1",stage="tx"})"), 0.25);
  EXPECT_EQ(value(R"(cleat_worker_timed_packets_total{worker="1"})"), 32);
  EXPECT_EQ(value(R"(cleat_worker_timed_packets_total{worker="0"})"), 0);
}

TEST_F(MetricsTest, WhetherTheConfigurationIsInForceIsThere) {
  EXPECT_EQ(value("cleat_config_last_reload_ok"), 1);
  EXPECT_EQ(value(R"(cleat_build_info{version="1.2.3"})"), 1);
  rig.configure("no: configuration");
  EXPECT_EQ(rig.ask("POST", "/v1/reload").status, 422u);
  EXPECT_EQ(value("cleat_config_last_reload_ok"), 0);
  EXPECT_EQ(value("cleat_config_publish_ok"), 1);
}

TEST_F(MetricsTest, EveryNumberOfTheStatisticsIsThere) {
  const auto all = metrics();
  size_t numbers = 0;
  const std::function<void(const test::Json&)> count = [&](const test::Json& json) {
    if (json.is_number()) ++numbers;
    if (json.is_structured())
      for (const auto& each : json) count(each);
  };
  test::Json stats = rig.get("/v1/stats");
  for (test::Json& worker : stats["workers"]) {
    worker.erase("worker");  // its number is a label
    worker.erase("load");    // made of the others
    for (test::Json& burst : worker["bursts"]) burst.erase("up_to_frames");
  }
  for (test::Json& gap : stats["sessions"]["gaps"]) gap.erase("up_to_ms");
  count(stats);
  const auto of_process = [](const auto& metric) {
    return metric.first.starts_with("cleat_config") || metric.first.starts_with("cleat_build") ||
           metric.first.starts_with("cleat_uptime") || metric.first.starts_with("cleat_backend_weight") ||
           metric.first.starts_with("cleat_backend_effective_weight") ||
           metric.first.starts_with("cleat_backend_healthy") ||
           metric.first.starts_with("cleat_backend_draining") ||
           metric.first.starts_with("cleat_backend_checks") ||
           metric.first.starts_with("cleat_backend_falls") ||
           metric.first.starts_with("cleat_backend_suspicions") ||
           metric.first.starts_with("cleat_health_checks") || metric.first.starts_with("cleat_pool_panic") ||
           metric.first == "cleat_session_gap_seconds_count" ||
           metric.first.starts_with("cleat_worker_burst_frames_count") ||
           metric.first.starts_with("cleat_worker_burst_frames_sum");
  };
  EXPECT_EQ(all.size() - static_cast<size_t>(std::count_if(all.begin(), all.end(), of_process)), numbers);
}

}  // namespace
}  // namespace control
