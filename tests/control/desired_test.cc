// SPDX-License-Identifier: MIT
#include "control/desired.h"

#include <random>
#include <set>

#include "tests/control/sample_config.h"

namespace control {
namespace {

lb::Endpoint endpoint(const std::string& text) { return *lb::Endpoint::parse(text); }

class DesiredTest : public ::testing::Test {
 protected:
  // An override of 10.20.0.11, made if there is none.
  BackendOverride& first() {
    if (overrides.backends.empty())
      overrides.backends.push_back({.pool = "srs", .endpoint = endpoint("10.20.0.11")});
    return overrides.backends.front();
  }
  [[nodiscard]] lb::SnapshotSpec state() const { return desired().spec; }
  [[nodiscard]] Desired desired() const {
    return desired_state(config, overrides, [this](const std::string& pool, const lb::Endpoint& backend) {
      const std::string name = pool + " " + backend.to_string();
      const auto share = shares.find(name);
      const uint32_t percent = share == shares.end() ? 100 : share->second;
      const auto since = unanswered_ms.find(name);
      const bool unanswered = since != unanswered_ms.end();
      return Standing{!dead.contains(name), percent, unanswered ? since->second : 0,
                      unanswered && dead.contains(name)};
    });
  }
  [[nodiscard]] std::vector<uint32_t> weights() const {
    std::vector<uint32_t> all;
    const lb::SnapshotSpec spec = state();
    for (const lb::BackendSpec& backend : spec.pools.at(0).backends) all.push_back(backend.weight);
    return all;
  }
  using Weights = std::vector<uint32_t>;

  Config config = test::config_with("10.20.0.12, weight: 100", "10.20.0.12, weight: 40");
  Overrides overrides;
  std::set<std::string> dead;
  std::map<std::string, uint32_t> shares;
  std::map<std::string, uint64_t> unanswered_ms;
};

TEST_F(DesiredTest, FlowsOfASilentBackendMayBeResetUnlessThePoolSaysNoOrIsInPanic) {
  unanswered_ms["srs 10.20.0.11"] = 7000;
  EXPECT_EQ(state().pools[0].backends[0].unanswered_ms, 7000u);
  EXPECT_FALSE(state().pools[0].backends[0].silent);
  dead = {"srs 10.20.0.11"};
  EXPECT_TRUE(state().pools[0].backends[0].silent);
  EXPECT_EQ(state().pools[0].backends[1].unanswered_ms, 0u);

  config.pools[0].reset_on_silence = false;
  EXPECT_EQ(state().pools[0].backends[0].unanswered_ms, 0u);
  EXPECT_FALSE(state().pools[0].backends[0].silent);

  config.pools[0].reset_on_silence = true;
  unanswered_ms["srs 10.20.0.12"] = 7100;
  ASSERT_FALSE(desired().verdicts[0].panic);
  EXPECT_FALSE(state().pools[0].backends[0].silent) << "the next one may be down in a moment";
  unanswered_ms.erase("srs 10.20.0.12");
  ASSERT_TRUE(state().pools[0].backends[0].silent);

  dead.insert("srs 10.20.0.12");
  ASSERT_TRUE(desired().verdicts[0].panic);
  EXPECT_FALSE(state().pools[0].backends[0].silent) << "it may be this host that is cut off";
}

TEST_F(DesiredTest, SaysWhatTheFileSays) {
  const lb::SnapshotSpec spec = state();
  EXPECT_EQ(weights(), (Weights{100, 40}));
  EXPECT_EQ(spec.ports.at(0).gateway_v4, lb::IpAddress::parse("10.10.0.1"));
  EXPECT_EQ(spec.lips.size(), 4u);
  EXPECT_EQ(spec.services.at(1).protocol, lb::Protocol::kUdp);
  EXPECT_EQ(spec.services.at(1).idle_timeout_s, 120u);
  EXPECT_EQ(spec.services.at(1).pool, "srs");
}

TEST_F(DesiredTest, IceOfServicesAndUfragsOfPoolsAreInForce) {
  config.services[1].affinity = lb::Affinity::kIce;
  config.services[1].ice.servers_check_integrity = true;
  config.pools[0].ice_ufrag.emplace().servers = {{7, endpoint("10.20.0.12")}};

  const lb::SnapshotSpec spec = state();

  EXPECT_EQ(spec.services.at(1).affinity, lb::Affinity::kIce);
  EXPECT_TRUE(spec.services.at(1).ice.servers_check_integrity);
  ASSERT_TRUE(spec.pools.at(0).ufrag);
  EXPECT_EQ(spec.pools.at(0).ufrag->servers.at(0).id, 7);
}

TEST_F(DesiredTest, AnUnhealthyBackendTakesNoNewSessions) {
  dead = {"srs 10.20.0.12"};
  EXPECT_EQ(weights(), (Weights{100, 0}));
}

TEST_F(DesiredTest, AnOverrideBeatsTheFileUntilReset) {
  first().weight = 7;
  EXPECT_EQ(weights(), (Weights{7, 40}));

  config.pools[0].backends[0].weight = 55;
  EXPECT_EQ(weights(), (Weights{7, 40}));

  overrides.backends.clear();
  EXPECT_EQ(weights(), (Weights{55, 40}));
}

TEST_F(DesiredTest, ADrainBeatsTheWeightAndKeepsIt) {
  first().drain = true;
  first().weight = 7;
  EXPECT_EQ(weights(), (Weights{0, 40}));
  first().drain = false;
  EXPECT_EQ(weights(), (Weights{7, 40}));
}

TEST_F(DesiredTest, ADrainWithoutWeightLeavesTheFilesWeightBehindIt) {
  first().drain = true;
  EXPECT_EQ(weights(), (Weights{0, 40}));
  first().drain = false;
  EXPECT_EQ(weights(), (Weights{100, 40}));
}

TEST_F(DesiredTest, AddedBackendsStandBehindTheFiles) {
  overrides.backends = {{.pool = "srs", .endpoint = endpoint("10.20.0.9:1935"), .added = true, .weight = 5},
                        {.pool = "srs", .endpoint = endpoint("10.20.0.8"), .added = true}};
  EXPECT_EQ(weights(), (Weights{100, 40, 5, 100}));
  EXPECT_EQ(state().pools[0].backends[2].port, 1935);

  dead = {"srs 10.20.0.9:1935"};
  EXPECT_EQ(weights(), (Weights{100, 40, 0, 100}));
}

TEST_F(DesiredTest, ABackendThatTheFileTookOverStaysOnce) {
  overrides.backends = {{.pool = "srs", .endpoint = endpoint("10.20.0.12"), .added = true, .weight = 5}};
  EXPECT_EQ(weights(), (Weights{100, 5}));
}

TEST_F(DesiredTest, OverridesOfWhatIsGoneChangeNothing) {
  overrides.backends = {{.pool = "gone", .endpoint = endpoint("10.20.0.11"), .weight = 1},
                        {.pool = "srs", .endpoint = endpoint("10.20.0.77"), .weight = 1, .drain = true}};
  EXPECT_EQ(weights(), (Weights{100, 40}));
  EXPECT_EQ(state().pools.size(), 1u);
}

TEST_F(DesiredTest, AStartingBackendTakesItsShareOfTheWeight) {
  shares = {{"srs 10.20.0.11", 19}};
  EXPECT_EQ(weights(), (Weights{1900, 4000}));
  EXPECT_EQ(desired().verdicts.at(0).scale, 100u);
  shares.clear();
  EXPECT_EQ(weights(), (Weights{100, 40}));
  EXPECT_EQ(desired().verdicts.at(0).scale, 1u);
}

TEST_F(DesiredTest, SmallWeightsHaveShares) {
  config.pools[0].backends[0].weight = config.pools[0].backends[1].weight = 1;
  shares = {{"srs 10.20.0.11", 10}};
  EXPECT_EQ(weights(), (Weights{10, 100}));
}

TEST_F(DesiredTest, AStartMakesNoWeightOfNone) {
  shares = {{"srs 10.20.0.11", 19}};
  first().drain = true;
  EXPECT_EQ(weights(), (Weights{0, 40}));
  first().drain = false;
  first().weight = 0;
  EXPECT_EQ(weights(), (Weights{0, 40}));
  overrides.backends.clear();
  dead = {"srs 10.20.0.11"};
  EXPECT_EQ(weights(), (Weights{0, 40}));
}

TEST_F(DesiredTest, WithAllDownAllAreTriedByTheirWholeWeight) {
  dead = {"srs 10.20.0.11", "srs 10.20.0.12"};
  shares = {{"srs 10.20.0.11", 19}};
  EXPECT_EQ(weights(), (Weights{100, 40}));
  EXPECT_TRUE(desired().verdicts.at(0).panic);
  config.pools[0].panic_threshold.percent = 0;
  EXPECT_EQ(weights(), (Weights{0, 0}));
  EXPECT_FALSE(desired().verdicts.at(0).panic);
}

TEST_F(DesiredTest, PanicLeavesDrainsAndWeightsOfNoneAlone) {
  dead = {"srs 10.20.0.11", "srs 10.20.0.12"};
  first().drain = true;
  EXPECT_EQ(weights(), (Weights{0, 40}));
  EXPECT_EQ(desired().verdicts.at(0).eligible, 1u);
  config.pools[0].backends[1].weight = 0;
  EXPECT_EQ(weights(), (Weights{0, 0}));
  EXPECT_FALSE(desired().verdicts.at(0).panic) << "nobody is there to be tried";
}

TEST_F(DesiredTest, PanicIsOfThePoolsShareAndNotOfItsWeight) {
  config.pools[0].panic_threshold.percent = 49;
  dead = {"srs 10.20.0.12"};
  EXPECT_EQ(weights(), (Weights{100, 40}));
  config.pools[0].panic_threshold.percent = 50;
  EXPECT_EQ(weights(), (Weights{100, 0}));
}

// Every combination against the rule written down once more.
TEST_F(DesiredTest, WeightIsOverrideElseFileTimesHealthTimesDrain) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const bool is_dead = random() % 2, drain = random() % 2, overridden = random() % 2;
    const auto file_weight = static_cast<uint32_t>(random() % 10'001);
    const auto override_weight = static_cast<uint32_t>(random() % 10'001);
    config.pools[0].backends[0].weight = file_weight;
    dead = is_dead ? std::set<std::string>{"srs 10.20.0.11"} : std::set<std::string>{};
    first().drain = drain;
    first().weight = overridden ? std::optional(override_weight) : std::nullopt;

    const uint32_t wanted = (overridden ? override_weight : file_weight) * !is_dead * !drain;
    EXPECT_EQ(weights()[0], wanted) << is_dead << drain << overridden;
    EXPECT_EQ(weights()[1], 40u);
  }
}

}  // namespace
}  // namespace control
