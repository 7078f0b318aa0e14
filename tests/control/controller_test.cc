// SPDX-License-Identifier: MIT
#include "control/controller.h"

#include <csignal>

#include "tests/control/rig.h"

namespace control {
namespace {

using namespace std::chrono_literals;
using test::Json;
using test::OriginServer;
using test::Reply;
using test::Rig;
using test::run_until;

const std::string kFirst = "/v1/pools/live/backends/10.20.0.11";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class ControllerTest : public ::testing::Test {
 protected:
  // The rig's configuration with one piece replaced.
  void configure(const std::string& from, const std::string& to) {
    rig.configure(replaced(Rig::yaml(rig.socket()), from, to));
  }
  // Checks of the pool go to `server` on 127.0.0.1, whatever the backend's address.
  void configure_with_health(const OriginServer& a, const OriginServer& b, const std::string& check) {
    std::string text = Rig::yaml(rig.socket(), "    health: { " + check + " }\n");
    text = replaced(text, "address: 10.20.0.11", "address: \"" + a.endpoint().to_string() + "\"");
    text = replaced(text, "address: 10.20.0.12", "address: \"" + b.endpoint().to_string() + "\"");
    rig.configure(text);
  }
  uint32_t weight_of(const OriginServer& server) const {
    for (const lb::BackendSpec& b : rig.spec.pools.at(0).backends)
      if (b.port == server.port()) return b.weight;
    return UINT32_MAX;
  }

  Rig rig;
};

constexpr char kFastCheck[] = "interval: 100ms, fast_interval: 100ms, timeout: 500ms, rise: 1, fall: 1";

TEST_F(ControllerTest, StartPublishesTheFile) {
  ASSERT_TRUE(rig.start().ok());
  EXPECT_EQ(rig.controller->generation(), 1u);
  EXPECT_EQ(rig.publishes, 1u);
  EXPECT_EQ(rig.spec.services.at(0).name, "rtmp");
  EXPECT_EQ(rig.weight("10.20.0.12"), 100u);
}

TEST_F(ControllerTest, StartThatCannotPublishLeavesNoSocket) {
  rig.publish_fails = "no room";
  const lb::Status started = rig.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error(), "no room");
  EXPECT_FALSE(std::filesystem::exists(rig.socket()));
}

TEST_F(ControllerTest, ReloadPutsTheNewFileInForce) {
  ASSERT_TRUE(rig.start().ok());
  configure("10.20.0.12, weight: 100", "10.20.0.12, weight: 7");
  ASSERT_EQ(rig.ask("POST", "/v1/reload").status, 200u);
  EXPECT_EQ(rig.weight("10.20.0.12"), 7u);
  EXPECT_EQ(rig.controller->generation(), 2u);
  EXPECT_TRUE(rig.get("/v1/status").at("last_reload").at("ok"));
}

TEST_F(ControllerTest, ReloadOfAWrongFileLeavesTheOldInForceAndShowsWhy) {
  ASSERT_TRUE(rig.start().ok());
  configure("10.20.0.12, weight: 100", "10.20.0.12, weight: -1");
  const Reply reply = rig.ask("POST", "/v1/reload");
  EXPECT_EQ(reply.status, 422u);
  EXPECT_NE(reply.body.find("weight"), std::string::npos) << reply.body;
  EXPECT_EQ(rig.weight("10.20.0.12"), 100u);
  EXPECT_EQ(rig.publishes, 1u);
  const Json last = rig.get("/v1/status").at("last_reload");
  EXPECT_FALSE(last.at("ok"));
  EXPECT_EQ(last.at("error"), reply.json().at("error"));
  EXPECT_EQ(rig.logged("config refused"), 1u);
}

TEST_F(ControllerTest, ReloadThatCannotBePublishedLeavesTheOldInForce) {
  ASSERT_TRUE(rig.start().ok());
  configure("10.20.0.12, weight: 100", "10.20.0.12, weight: 7");
  rig.publish_fails = "no room";
  EXPECT_FALSE(rig.controller->reload().ok());
  rig.publish_fails.clear();
  EXPECT_EQ(rig.controller->config().pools.at(0).backends.at(1).weight, 100u);
  EXPECT_EQ(rig.get("/v1/pools/live").at("backends").at(1).at("config_weight"), 100);
  EXPECT_TRUE(rig.get("/v1/status").at("publish_error").is_null());
}

TEST_F(ControllerTest, ReloadRefusesWhatNeedsARestartByName) {
  ASSERT_TRUE(rig.start().ok());
  const std::string whole = Rig::yaml(rig.socket());
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"workers: 2", "workers: 3", "dataplane.workers"},
      {"workers: 2", "workers: 2\n  state: /dev/shm/cleat/other", "dataplane.state"},
      {"workers: 2", "workers: 2\n  flows_v4: 4096", "dataplane.flows_v4"},
      {"veth:eth2", "veth:eth3", "dataplane.ports[1].device"},
      {"10.20.0.2/24", "10.20.0.3/24", "dataplane.ports[1].address"},
      {"gateway: 10.10.0.1", "gateway: 10.10.0.9", "dataplane.ports[0].gateway"},
      {"name: inside", "name: within", "dataplane.ports[1].name"},
      {rig.socket(), rig.socket() + "2", "api.listen"},
  };
  for (const auto& [from, to, field] : cases) {
    rig.configure(replaced(whole, from, to));
    const lb::Status reloaded = rig.controller->reload();
    ASSERT_FALSE(reloaded.ok()) << field;
    EXPECT_NE(reloaded.error().find(field + ": "), std::string::npos) << reloaded.error();
    EXPECT_NE(reloaded.error().find("restart needed"), std::string::npos) << reloaded.error();
    EXPECT_EQ(reloaded.error().find('\n'), std::string::npos);
  }
  EXPECT_EQ(rig.publishes, 1u);
}

TEST_F(ControllerTest, AnAppliedConfigurationIsTheFileAndInForce) {
  ASSERT_TRUE(rig.start().ok());
  const std::string text =
      replaced(Rig::yaml(rig.socket()), "10.20.0.12, weight: 100", "10.20.0.12, weight: 7");

  const Reply reply = rig.ask("PUT", "/v1/config", Json{{"text", text}}.dump());

  EXPECT_EQ(reply.status, 200u) << reply.body;
  EXPECT_EQ(rig.weight("10.20.0.12"), 7u);
  EXPECT_EQ(test::read_file(rig.file()), text);
}

TEST_F(ControllerTest, ARefusedConfigurationLeavesTheFileAsItWas) {
  ASSERT_TRUE(rig.start().ok());
  const std::string former = test::read_file(rig.file());
  const auto refused = [&](const std::string& from, const std::string& to) {
    const std::string text = replaced(Rig::yaml(rig.socket()), from, to);
    const Reply reply = rig.ask("PUT", "/v1/config", Json{{"text", text}}.dump());
    EXPECT_EQ(reply.status, 422u);
    EXPECT_EQ(test::read_file(rig.file()), former);
    EXPECT_EQ(rig.weight("10.20.0.12"), 100u);
    return reply.json().at("error").get<std::string>();
  };

  EXPECT_NE(refused("weight: 100", "weight: -1").find("-1 is not in 0..10000"), std::string::npos);
  EXPECT_NE(refused("workers: 2", "workers: 3").find("restart needed"), std::string::npos);
  rig.publish_fails = "no room";
  EXPECT_EQ(refused("10.20.0.12, weight: 100", "10.20.0.12, weight: 7"), "no room");
}

TEST_F(ControllerTest, ABackendAddedAnewForgetsItsFormerDrain) {
  ASSERT_TRUE(rig.start().ok());
  ASSERT_EQ(rig.ask("POST", kFirst + "/drain").status, 200u);
  configure("      - { address: 10.20.0.11, weight: 100 }\n", "");
  ASSERT_TRUE(rig.controller->reload().ok());

  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends", R"({"address":"10.20.0.11"})").status, 200u);

  EXPECT_EQ(rig.weight("10.20.0.11"), 100u);
}

TEST_F(ControllerTest, SighupReloadsAndSigtermAsksToStopOnce) {
  ASSERT_TRUE(rig.start(true).ok());
  configure("10.20.0.12, weight: 100", "10.20.0.12, weight: 7");
  ::raise(SIGHUP);
  EXPECT_TRUE(run_until(rig.io, [&] { return rig.controller->generation() == 2; }));
  ::raise(SIGTERM);
  EXPECT_TRUE(run_until(rig.io, [&] { return rig.stops > 0; }));
  ::raise(SIGINT);
  run_until(
      rig.io, [] { return false; }, 50ms);
  EXPECT_EQ(rig.stops, 1u);
}

TEST_F(ControllerTest, AfterStopTheLoopHasNothingLeftToDo) {
  OriginServer a(rig.io), b(rig.io);
  a.hangs = b.hangs = true;
  configure_with_health(a, b, "http: /, interval: 100ms, fast_interval: 100ms, timeout: 5s");
  ASSERT_TRUE(rig.start(true).ok());
  ASSERT_TRUE(run_until(rig.io, [&] { return a.requests.size() + b.requests.size() >= 2; }));
  a.refuse();
  b.refuse();
  rig.controller->stop();
  rig.io.restart();
  const auto begun = std::chrono::steady_clock::now();
  rig.io.run_for(5s);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_TRUE(rig.io.stopped());
}

TEST_F(ControllerTest, OperatorChangesSurviveARestart) {
  ASSERT_TRUE(rig.start().ok());
  ASSERT_EQ(rig.ask("PATCH", kFirst, R"({"weight":30})").status, 200u);
  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends/10.20.0.12/drain", R"({"deadline_s":600})").status,
            200u);
  ASSERT_EQ(rig.ask("POST", "/v1/pools/live/backends", R"({"address":"10.20.0.13"})").status, 200u);
  ASSERT_TRUE(rig.restart().ok());
  EXPECT_EQ(rig.weight("10.20.0.11"), 30u);
  EXPECT_EQ(rig.weight("10.20.0.12"), 0u);
  EXPECT_EQ(rig.weight("10.20.0.13"), 100u);
  EXPECT_GT(rig.backend(1).at("drain").at("remaining_s"), 500);
  EXPECT_EQ(rig.backend(2).at("added"), true);
}

TEST_F(ControllerTest, OperatorChangesSurviveAReload) {
  ASSERT_TRUE(rig.start().ok());
  ASSERT_EQ(rig.ask("PATCH", kFirst, R"({"weight":30})").status, 200u);
  configure("10.20.0.12, weight: 100", "10.20.0.12, weight: 7");
  ASSERT_TRUE(rig.controller->reload().ok());
  EXPECT_EQ(rig.weight("10.20.0.11"), 30u);
  EXPECT_EQ(rig.weight("10.20.0.12"), 7u);
}

TEST_F(ControllerTest, ADeadBackendTakesNoNewSessionsUntilItIsBack) {
  OriginServer a(rig.io), b(rig.io);
  configure_with_health(a, b, kFastCheck);
  ASSERT_TRUE(rig.start().ok());
  EXPECT_EQ(weight_of(a), 100u);
  a.refuse();
  ASSERT_TRUE(run_until(rig.io, [&] { return weight_of(a) == 0; }));
  EXPECT_EQ(weight_of(b), 100u);
  const Json shown = rig.backend(0);
  EXPECT_EQ(shown.at("state"), "down");
  EXPECT_EQ(shown.at("health").at("reason"), "refused");
  EXPECT_EQ(shown.at("weight"), 100);
  EXPECT_EQ(shown.at("effective_weight"), 0);

  a.listen_again();
  ASSERT_TRUE(run_until(rig.io, [&] { return weight_of(a) == 100; }));
  EXPECT_EQ(rig.backend(0).at("state"), "up");
  EXPECT_EQ(rig.logged("backend down"), 1u);
  EXPECT_EQ(rig.logged("backend up"), 1u);
}

TEST_F(ControllerTest, AReloadKeepsWhatIsKnownOfBackends) {
  OriginServer a(rig.io), b(rig.io);
  configure_with_health(a, b, kFastCheck);
  ASSERT_TRUE(rig.start().ok());
  a.refuse();
  ASSERT_TRUE(run_until(rig.io, [&] { return weight_of(a) == 0; }));
  ASSERT_TRUE(rig.controller->reload().ok());
  EXPECT_EQ(weight_of(a), 0u);
  EXPECT_EQ(rig.logged("backend down"), 1u);
}

TEST_F(ControllerTest, AnAddedBackendIsCheckedToo) {
  OriginServer a(rig.io), b(rig.io), c(rig.io);
  configure_with_health(a, b, kFastCheck);
  ASSERT_TRUE(rig.start().ok());
  ASSERT_EQ(
      rig.ask("POST", "/v1/pools/live/backends", R"({"address":")" + c.endpoint().to_string() + "\"}").status,
      200u);
  ASSERT_TRUE(run_until(rig.io, [&] { return c.connections > 0; }));
  c.refuse();
  EXPECT_TRUE(run_until(rig.io, [&] { return weight_of(c) == 0; }));
}

TEST_F(ControllerTest, AnAddedBackendWithoutThePortThatIsCheckedIsRefused) {
  OriginServer a(rig.io), b(rig.io);
  configure_with_health(a, b, kFastCheck);
  ASSERT_TRUE(rig.start().ok());
  const Reply reply = rig.ask("POST", "/v1/pools/live/backends", R"({"address":"10.20.0.13"})");
  EXPECT_EQ(reply.status, 422u);
  EXPECT_NE(reply.body.find("ADDRESS:PORT"), std::string::npos) << reply.body;
}

TEST_F(ControllerTest, ASnapshotThatCouldNotBePublishedIsTriedAgain) {
  OriginServer a(rig.io), b(rig.io);
  configure_with_health(a, b, kFastCheck);
  ASSERT_TRUE(rig.start().ok());
  rig.publish_fails = "no room";
  a.refuse();
  ASSERT_TRUE(run_until(rig.io, [&] { return rig.publishes >= 2; }));
  EXPECT_EQ(weight_of(a), 100u);
  EXPECT_EQ(rig.get("/v1/status").at("publish_error"), "no room");
  rig.publish_fails.clear();
  EXPECT_TRUE(run_until(rig.io, [&] { return weight_of(a) == 0; }));
  EXPECT_TRUE(rig.get("/v1/status").at("publish_error").is_null());
}

TEST_F(ControllerTest, LeastLoadGetsFreshSessionCountsEverySecond) {
  rig.configure(Rig::yaml(rig.socket(), "    pick: least-load\n"));
  ASSERT_TRUE(rig.start().ok());
  const lb::BackendId id = rig.snapshot->pools.at(0).table.at(0);
  ASSERT_EQ(rig.snapshot->sessions.at(id), 0);
  rig.counters[0].backends[id].flows_opened.add(5);
  EXPECT_TRUE(run_until(rig.io, [&] { return rig.snapshot->sessions.at(id) == 5; }));
}

TEST_F(ControllerTest, OtherPicksAreNotPublishedWithoutAChange) {
  ASSERT_TRUE(rig.start().ok());
  run_until(
      rig.io, [] { return false; }, 1500ms);
  EXPECT_EQ(rig.publishes, 1u);
}

TEST_F(ControllerTest, ClockStampsTheSegment) {
  ASSERT_TRUE(rig.start().ok());
  const std::vector<std::byte> before(rig.memory.bytes().begin(), rig.memory.bytes().begin() + 4096);
  rig.now.ms += 5000;
  EXPECT_TRUE(run_until(
      rig.io, [&] { return !std::equal(before.begin(), before.end(), rig.memory.bytes().begin()); }));
}

TEST_F(ControllerTest, APassedDrainDeadlineIsLoggedOnceAndCutsNothing) {
  ASSERT_TRUE(rig.start().ok());
  ASSERT_EQ(rig.ask("POST", kFirst + "/drain", R"({"deadline_s":1})").status, 200u);
  ASSERT_TRUE(run_until(rig.io, [&] { return rig.logged("drain deadline passed") > 0; }));
  run_until(
      rig.io, [] { return false; }, 1200ms);
  EXPECT_EQ(rig.logged("drain deadline passed pool=live backend=10.20.0.11 flows_open=0"), 1u);
  EXPECT_EQ(rig.backend(0).at("drain").at("deadline_passed"), true);
  EXPECT_EQ(rig.weight("10.20.0.11"), 0u);
}

}  // namespace
}  // namespace control
