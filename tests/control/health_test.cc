// SPDX-License-Identifier: MIT
#include "control/health.h"

#include "tests/control/health_rig.h"

namespace control {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::http_check;
using test::http_reply;
using test::Probe;
using test::run_until;
using HealthTest = test::HealthTest;

TEST(HealthCheck, HttpAsksForThePathWithHostAndClose) {
  Probe probe;
  EXPECT_EQ(probe.verdict_of_reply(http_reply(200, "{}"), http_check()), "passed");
  ASSERT_EQ(probe.server.requests.size(), 1u);
  const std::string head = probe.server.requests[0];
  EXPECT_EQ(head.substr(0, 31), "GET /api/v1/versions HTTP/1.1\r\n");
  EXPECT_NE(head.find("Host: 127.0.0.1:" + std::to_string(probe.server.port()) + "\r\n"), std::string::npos)
      << head;
  EXPECT_NE(head.find("Connection: close\r\n"), std::string::npos) << head;
}

TEST(HealthCheck, AnyStatusFrom200To299PassesUnlessOneIsExpected) {
  Probe probe;
  EXPECT_EQ(probe.verdict_of_reply(http_reply(204, ""), http_check()), "passed");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(299, ""), http_check()), "passed");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(302, ""), http_check()), "status 302");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(500, ""), http_check()), "status 500");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(401, ""), http_check("", 401)), "passed");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(200, ""), http_check("", 401)), "status 200");
}

TEST(HealthCheck, BodyMustContainTheTextWithinItsFirst64KiB) {
  Probe probe;
  const std::string far(kMaxCheckedBodyBytes - 5, 'x');
  EXPECT_EQ(probe.verdict_of_reply(http_reply(200, "{\"code\":0}"), http_check("\"code\":0")), "passed");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(200, "{\"code\":1}"), http_check("\"code\":0")),
            "body mismatch");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(200, far + "ready"), http_check("ready")), "passed");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(200, far + "xready"), http_check("ready")), "body mismatch");
  EXPECT_EQ(probe.verdict_of_reply(http_reply(200, ""), http_check("ready")), "body mismatch");
}

TEST(HealthCheck, AnEndlessBodyIsJudgedByItsBeginning) {
  Probe probe;
  const std::string endless = "HTTP/1.1 200 OK\r\n\r\nready" + std::string(1 << 20, 'x');
  EXPECT_EQ(probe.verdict_of_reply(endless, http_check("ready")), "passed");
  EXPECT_EQ(probe.verdict_of_reply(endless, http_check()), "passed");
}

TEST(HealthCheck, ChunkedBodyIsSearchedWithoutItsChunkHeads) {
  Probe probe;
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(probe.verdict_of_reply(head + "3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n", http_check("ready")), "passed");
}

TEST(HealthCheck, ABodyCutShortFails) {
  Probe probe;
  EXPECT_EQ(probe.verdict_of_reply("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", http_check()),
            "closed early");
  EXPECT_EQ(probe.verdict_of_reply("HTTP/1.1 200 OK\r\nContent-", http_check()), "closed early");
}

TEST(HealthCheck, GarbageIsNotHttp) {
  Probe probe;
  EXPECT_EQ(probe.verdict_of_reply("SSH-2.0-OpenSSH_9.2\r\n\r\n", http_check()), "not http");
  EXPECT_EQ(probe.verdict_of_reply("HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x'), http_check()),
            "header too long");
}

TEST(HealthCheck, AClosedPortIsRefusedAtOnce) {
  Probe probe;
  probe.server.refuse();
  const CheckResult tcp = probe.run(probe.server.endpoint(), HealthConfig{});
  const CheckResult http = probe.run(probe.server.endpoint(), http_check());
  EXPECT_EQ(Probe::verdict(tcp), "refused");
  EXPECT_EQ(Probe::verdict(http), "refused");
}

TEST(HealthCheck, TcpNeedsNoMoreThanTheConnect) {
  Probe probe;
  probe.server.hangs = true;
  EXPECT_EQ(Probe::verdict(probe.run(probe.server.endpoint(), HealthConfig{})), "passed");
}

TEST(HealthCheck, OneTimeoutCoversASilentServer) {
  Probe probe;
  probe.server.hangs = true;
  HealthConfig check = http_check();
  check.timeout_ms = 150;
  const CheckResult result = probe.run(probe.server.endpoint(), check);
  EXPECT_EQ(Probe::verdict(result), "timeout");
  EXPECT_GE(result.took_ms, 150u);
  EXPECT_LT(result.took_ms, 2000u);
}

TEST(HealthCheck, OneTimeoutCoversAServerThatDripsBytes) {
  Probe probe;
  probe.server.byte_gap = 20ms;
  probe.server.reply = http_reply(200, std::string(1000, 'x'));
  HealthConfig check = http_check();
  check.timeout_ms = 300;
  EXPECT_EQ(Probe::verdict(probe.run(probe.server.endpoint(), check)), "timeout");
}

TEST(HealthCheck, CancelClosesTheConnectionAndNeverCallsBack) {
  Probe probe;
  probe.server.hangs = true;
  bool called = false;
  auto check = start_health_check(probe.io, probe.server.endpoint(), "h", http_check(),
                                  [&](const CheckResult&) { called = true; });
  ASSERT_TRUE(run_until(probe.io, [&] { return probe.server.requests.size() == 1; }));
  check->cancel();
  check->cancel();
  check.reset();
  EXPECT_TRUE(run_until(probe.io, [&] { return probe.server.closed_by_client == 1; }));
  EXPECT_FALSE(called);
}

TEST_F(HealthTest, CountsAsHealthyBeforeTheFirstResult) {
  health.set({target(fast())});
  EXPECT_TRUE(healthy());
  EXPECT_FALSE(health.view("live", server.endpoint())->checked);
  EXPECT_TRUE(health.healthy("live", lb::Endpoint{}));
  EXPECT_FALSE(health.view("live", lb::Endpoint{}));
}

TEST_F(HealthTest, FallsAfterFallFailuresAndRisesAfterRiseSuccesses) {
  HealthConfig check = fast();
  check.fall = 3;
  check.rise = 2;
  server.reply = http_reply(500, "");
  health.set({target(check)});
  ASSERT_TRUE(run_until(io, [&] { return !healthy(); }));
  EXPECT_EQ(server.requests.size(), 3u);
  EXPECT_EQ(health.view("live", server.endpoint())->reason, "status 500");

  server.reply = http_reply(200, "");
  server.requests.clear();
  ASSERT_TRUE(run_until(io, [&] { return healthy(); }));
  EXPECT_EQ(server.requests.size(), 2u);
  EXPECT_EQ(changes, 2u);
}

TEST_F(HealthTest, OneSuccessStartsTheCountOfFailuresAnew) {
  HealthConfig check = fast();
  check.fall = 2;
  health.set({target(check)});
  for (unsigned round = 0; round < 6; ++round) {
    server.reply = http_reply(round % 2 == 0 ? 500 : 200, "");
    const size_t before = server.requests.size();
    ASSERT_TRUE(run_until(io, [&] {
      return server.requests.size() > before &&
             health.view("live", server.endpoint())->reason == (round % 2 == 0 ? "status 500" : "");
    }));
    ASSERT_EQ(server.requests.size(), before + 1) << "the test was too slow to alternate";
  }
  EXPECT_TRUE(healthy());
  EXPECT_EQ(changes, 0u);
}

TEST_F(HealthTest, ChecksFasterAfterTheFirstFailureUntilSure) {
  HealthConfig check = fast();
  check.interval_ms = 3'600'000;
  check.fall = 3;
  server.refuse();
  health.set({target(check)});
  ASSERT_TRUE(run_until(io, [&] { return !healthy(); }));
  server.listen_again();
  EXPECT_FALSE(run_until(
      io, [&] { return server.connections > 0; }, 200ms))
      << "sure again, yet still fast";
}

TEST_F(HealthTest, LogsEachEdgeOnceWithItsReason) {
  server.refuse();
  health.set({target(fast())});
  ASSERT_TRUE(run_until(io, [&] { return !healthy(); }));
  run_until(
      io, [] { return false; }, 150ms);
  EXPECT_EQ(
      logged("backend down pool=live backend=" + server.endpoint().to_string() + " reason=refused after_ms="),
      1u);

  server.listen_again();
  ASSERT_TRUE(run_until(io, [&] { return healthy(); }));
  run_until(
      io, [] { return false; }, 150ms);
  EXPECT_EQ(logged("backend up pool=live"), 1u);
  EXPECT_EQ(logged("backend down"), 1u);
}

TEST_F(HealthTest, KeepsTheStateWhenOnlyTimingsChangeAndForgetsItWithTheQuestion) {
  server.reply = http_reply(503, "");
  health.set({target(fast())});
  ASSERT_TRUE(run_until(io, [&] { return !healthy(); }));

  health.set({target(fast())});
  EXPECT_FALSE(healthy());
  HealthConfig slower = fast();
  slower.interval_ms = 60'000;
  health.set({target(slower)});
  EXPECT_FALSE(healthy());
  slower.status = 503;
  health.set({target(slower)});
  EXPECT_TRUE(healthy());
}

TEST_F(HealthTest, NewTimingsTakeEffectWithoutWaitingForTheOld) {
  HealthConfig check = fast();
  check.interval_ms = 3'600'000;
  health.set({target(check)});
  ASSERT_TRUE(run_until(io, [&] { return health.view("live", server.endpoint())->checked; }));
  health.set({target(fast())});
  EXPECT_TRUE(run_until(io, [&] { return server.requests.size() >= 3; }));
}

TEST_F(HealthTest, RemovedBackendsAreNotCheckedAnyMore) {
  server.hangs = true;
  health.set({target(fast())});
  ASSERT_TRUE(run_until(io, [&] { return server.requests.size() == 1; }));
  health.set({});
  EXPECT_TRUE(run_until(io, [&] { return server.closed_by_client == 1; }));
  EXPECT_FALSE(run_until(
      io, [&] { return server.connections > 1; }, 150ms));
  EXPECT_EQ(changes, 0u);
}

TEST_F(HealthTest, FirstChecksAreSpreadOverTheInterval) {
  HealthConfig check = fast();
  check.interval_ms = 1000;
  std::vector<HealthTarget> targets;
  for (int i = 0; i < 10; ++i) targets.push_back({"pool" + std::to_string(i), server.endpoint(), check});
  health.set(targets);
  ASSERT_TRUE(run_until(io, [&] { return server.connections >= 3; }));
  EXPECT_LT(server.connections, 10u);
  EXPECT_TRUE(run_until(io, [&] { return server.connections >= 10; }));
}

TEST_F(HealthTest, DestroyedWhileATimerIsDueTouchesNothing) {
  for (int i = 0; i < 200; ++i) {
    asio::io_context own;
    Health watched(own, 256, [](const HealthTarget&, bool) {});
    HealthConfig check = fast();
    watched.set({target(check)});
    own.poll_one();
    watched.stop();
    own.poll();
  }
  EXPECT_EQ(changes, 0u);
}

TEST(Log, QuotesValuesThatWouldBreakTheLine) {
  EXPECT_EQ(event_text("backend down", {{"pool", "live"}, {"reason", "status 500"}, {"after_ms", 30}}),
            "backend down pool=live reason=\"status 500\" after_ms=30");
  EXPECT_EQ(event_text("x", {{"a", ""}, {"b", "c=\"d\"\n"}, {"e", "\x01"}}),
            R"(x a="" b="c=\"d\"\n" e="\x01")");
}

}  // namespace
}  // namespace control
