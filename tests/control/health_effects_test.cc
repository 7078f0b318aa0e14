// SPDX-License-Identifier: MIT
// What a whole control thread makes of its backends' health: slow start, panic, and what the API says of them.
#include <algorithm>
#include <deque>
#include <regex>

#include "tests/control/rig.h"

namespace control {
namespace {

using namespace std::chrono_literals;
using test::Json;
using test::OriginServer;
using test::Rig;
using test::run_until;

class HealthEffectsTest : public ::testing::Test {
 protected:
  // A pool of `count` real servers, checked ten times a second.
  void start(size_t count, const std::string& pool_lines = "") {
    for (size_t i = 0; i < count; ++i) servers.emplace_back(rig.io);
    configure(count, pool_lines);
    ASSERT_TRUE(rig.start().ok());
    ASSERT_TRUE(run_until(rig.io, [&] { return ups() == count; }));
  }
  void configure(size_t count, const std::string& pool_lines) {
    std::string text = Rig::yaml(
        rig.socket(), "    health: { interval: 100ms, timeout: 500ms, rise: 1, fall: 1 }\n" + pool_lines);
    const std::string first = "      - { address: 10.20.0.11, weight: 100 }\n";
    const std::string second = "      - { address: 10.20.0.12, weight: 100 }\n";
    text.erase(text.find(second), second.size());
    std::string backends;
    for (size_t i = 0; i < count; ++i) backends += line_of(servers[i]);
    rig.configure(text.replace(text.find(first), first.size(), backends));
  }
  static std::string line_of(const OriginServer& server) {
    return "      - { address: \"" + server.endpoint().to_string() + "\", weight: 100 }\n";
  }
  size_t ups() {
    const Json backends = rig.get("/v1/pools/live").at("backends");
    return static_cast<size_t>(
        std::count_if(backends.begin(), backends.end(), [](const Json& b) { return b.at("state") == "up"; }));
  }
  uint32_t weight_of(size_t i) const {
    for (const lb::BackendSpec& b : rig.spec.pools.at(0).backends)
      if (b.port == servers[i].port()) return b.weight;
    return UINT32_MAX;
  }
  bool wait_weight(size_t i, uint32_t weight) {
    return run_until(rig.io, [&] { return weight_of(i) == weight; });
  }

  Rig rig;
  std::deque<OriginServer> servers;
};

TEST_F(HealthEffectsTest, TwoOfThreeDownLeaveAllToTheThird) {
  start(3);
  servers[0].refuse();
  servers[1].refuse();
  ASSERT_TRUE(wait_weight(0, 0));
  ASSERT_TRUE(wait_weight(1, 0));
  EXPECT_EQ(weight_of(2), 100u);
  EXPECT_EQ(rig.get("/v1/pools/live").at("panic"), false);
  EXPECT_EQ(rig.get("/v1/pools/live").at("backends_down"), 2);
}

TEST_F(HealthEffectsTest, WithAllDownAllAreTriedAndThatIsSaidOnceAtBothEdges) {
  start(2);
  for (OriginServer& server : servers) server.refuse();
  ASSERT_TRUE(
      run_until(rig.io, [&] { return rig.logged("panic: health ignored pool=live down=2 of=2") == 1; }));
  EXPECT_EQ(weight_of(0) + weight_of(1), 200u);
  const Json pool = rig.get("/v1/pools/live");
  EXPECT_EQ(pool.at("panic"), true);
  EXPECT_EQ(rig.get("/v1/status").at("panic"), Json::array({"live"}));
  EXPECT_EQ(pool.at("backends").at(0).at("state"), "down");
  EXPECT_EQ(pool.at("backends").at(0).at("effective_weight"), 100);

  servers[0].listen_again();
  ASSERT_TRUE(wait_weight(1, 0));
  EXPECT_EQ(weight_of(0), 100u);
  EXPECT_EQ(rig.logged("panic: health ignored"), 1u);
  EXPECT_EQ(rig.logged("panic over: health counts again pool=live down=1 of=2 threshold=auto"), 1u);
}

TEST_F(HealthEffectsTest, WithoutAThresholdNobodyIsTried) {
  start(2, "    panic_threshold: 0%\n");
  for (OriginServer& server : servers) server.refuse();
  ASSERT_TRUE(run_until(rig.io, [&] { return weight_of(0) + weight_of(1) == 0; }));
  EXPECT_EQ(rig.logged("panic"), 0u);
}

TEST_F(HealthEffectsTest, AFirstStartIsNotSlow) {
  start(2, "    slow_start: 1h\n");
  EXPECT_EQ(weight_of(0), 100u);
  EXPECT_TRUE(rig.backend(0).at("slow_start").is_null());
}

TEST_F(HealthEffectsTest, ABackendThatComesUpStartsSlowlyAndOthersDoNot) {
  start(3, "    slow_start: 1h\n");
  servers[0].refuse();
  ASSERT_TRUE(wait_weight(0, 0));
  servers[0].listen_again();
  ASSERT_TRUE(wait_weight(0, 1000));
  EXPECT_EQ(weight_of(1), 10'000u);
  const Json shown = rig.backend(0);
  EXPECT_EQ(shown.at("effective_weight"), 10);
  EXPECT_EQ(shown.at("slow_start").at("share_percent"), 10);
  EXPECT_GT(shown.at("slow_start").at("remaining_s"), 3500);
  EXPECT_EQ(rig.backend(1).at("effective_weight"), 100);
}

TEST_F(HealthEffectsTest, ASlowStartEndsByItselfWithASnapshotASecondAtMost) {
  start(3, "    slow_start: 3s\n");
  servers[0].refuse();
  ASSERT_TRUE(wait_weight(0, 0));
  servers[0].listen_again();
  ASSERT_TRUE(wait_weight(0, 1000));
  const unsigned before = rig.publishes;
  std::vector<uint32_t> seen = {1000};
  ASSERT_TRUE(run_until(rig.io, [&] {
    if (seen.back() != weight_of(0)) seen.push_back(weight_of(0));
    return weight_of(0) == 100;
  }));
  EXPECT_GE(seen.size(), 3u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end() - 1));
  EXPECT_LE(rig.publishes - before, 5u);
}

TEST_F(HealthEffectsTest, AnAddedBackendStartsSlowlyAndAfterARestartNoMore) {
  start(2, "    slow_start: 1h\n");
  servers.emplace_back(rig.io);
  const std::string body = R"({"address":")" + servers[2].endpoint().to_string() + "\"}";
  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends", body).status, 200u);
  EXPECT_EQ(weight_of(2), 1000u);
  EXPECT_EQ(weight_of(0), 10'000u);
  ASSERT_TRUE(rig.restart().ok());
  EXPECT_EQ(weight_of(2), 100u);
}

TEST_F(HealthEffectsTest, ABackendThatAReloadBringsStartsSlowlyUntilAReloadEndsIt) {
  start(2, "    slow_start: 1h\n");
  servers.emplace_back(rig.io);
  configure(3, "    slow_start: 1h\n");
  ASSERT_TRUE(rig.controller->reload().ok());
  EXPECT_EQ(weight_of(2), 1000u);
  configure(3, "");
  ASSERT_TRUE(rig.controller->reload().ok());
  EXPECT_EQ(weight_of(2), 100u);
}

TEST_F(HealthEffectsTest, DrainAndWeightMeanDuringASlowStartWhatTheyMean) {
  start(3, "    slow_start: 1h\n");
  servers[0].refuse();
  ASSERT_TRUE(wait_weight(0, 0));
  servers[0].listen_again();
  ASSERT_TRUE(wait_weight(0, 1000));
  const std::string path = "/v1/pools/live/backends/" + servers[0].endpoint().to_string();
  ASSERT_EQ(rig.ask("PATCH", path, R"({"weight":50})").status, 200u);
  EXPECT_EQ(weight_of(0), 500u);
  ASSERT_EQ(rig.ask("POST", path + "/drain").status, 200u);
  EXPECT_EQ(weight_of(0), 0u);
  ASSERT_EQ(rig.ask("POST", path + "/undrain").status, 200u);
  ASSERT_EQ(rig.ask("PATCH", path, R"({"weight":0})").status, 200u);
  EXPECT_EQ(weight_of(0), 0u);
}

TEST_F(HealthEffectsTest, TheApiSaysWhyABackendIsDownAndSinceWhen) {
  start(2);
  servers[0].refuse();
  ASSERT_TRUE(wait_weight(0, 0));
  const Json health = rig.backend(0).at("health");
  EXPECT_EQ(health.at("down_reason"), "refused");
  EXPECT_TRUE(std::regex_match(health.at("since").get<std::string>(),
                               std::regex("20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ")));
  EXPECT_LT(health.at("for_s"), 60);
  EXPECT_EQ(health.at("falls"), 1);
  EXPECT_GE(health.at("checks").at("failed"), 1);
  EXPECT_TRUE(rig.backend(1).at("health").at("down_reason").is_null());
}

TEST_F(HealthEffectsTest, MetricsCountChecksFallsAndPanics) {
  start(2);
  for (OriginServer& server : servers) server.refuse();
  ASSERT_TRUE(run_until(rig.io, [&] { return rig.logged("panic: health ignored") == 1; }));
  const std::string text = rig.ask("GET", "/metrics").body;
  const std::string backend = "{pool=\"live\",backend=\"" + servers[0].endpoint().to_string() + "\"";
  for (const std::string& line :
       {std::string("cleat_pool_panic{pool=\"live\"} 1\n"), "cleat_backend_healthy" + backend + "} 0\n",
        "cleat_backend_falls_total" + backend + "} 1\n", "cleat_backend_suspicions_total" + backend + "} 0\n",
        "cleat_backend_checks_total" + backend + ",outcome=\"not_done\"} 0\n",
        "cleat_backend_effective_weight" + backend + "} 100\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
  EXPECT_NE(text.find("cleat_backend_checks_total" + backend + ",outcome=\"failed\"} "), std::string::npos);
  EXPECT_NE(text.find("cleat_health_checks{state=\"waiting\"} 0\n"), std::string::npos);
}

TEST_F(HealthEffectsTest, AReloadChangesHowManyChecksRunAtOnce) {
  start(2);
  EXPECT_EQ(rig.get("/v1/status").at("health_checks").at("at_once"), 256);
  rig.configure(test::read_file(rig.file()) + "health: { at_once: 3 }\n");
  ASSERT_TRUE(rig.controller->reload().ok());
  EXPECT_EQ(rig.get("/v1/status").at("health_checks").at("at_once"), 3);
}

}  // namespace
}  // namespace control
