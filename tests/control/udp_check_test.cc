// SPDX-License-Identifier: MIT
#include "tests/control/health_rig.h"
#include "tests/control/udp_server.h"

namespace control {
namespace {

using namespace std::chrono_literals;
using test::UdpServer;

HealthConfig udp_check_of(const std::string& send, bool answer_required) {
  HealthConfig check;
  check.type = HealthConfig::Type::kUdp;
  check.send = send;
  check.answer_required = answer_required;
  check.timeout_ms = 2000;
  return check;
}

class UdpCheckTest : public ::testing::Test {
 protected:
  CheckResult run(const HealthConfig& check) { return probe.run(server.endpoint(), check); }
  std::string verdict(const HealthConfig& check) { return test::Probe::verdict(run(check)); }

  test::Probe probe;
  UdpServer server{probe.io};
};

TEST_F(UdpCheckTest, SendsThePayloadToThePort) {
  server.reply = "";
  const std::string payload("\x00\x01\xffping", 7);
  EXPECT_EQ(verdict(udp_check_of(payload, true)), "passed");
  EXPECT_EQ(server.datagrams, std::vector<std::string>{payload});
}

TEST_F(UdpCheckTest, AnswerMustBeginAndContainWhatIsExpected) {
  HealthConfig check = udp_check_of("ping", true);
  check.begins = "po";
  check.contains = "ng 7";
  server.reply = "pong 7\n";
  EXPECT_EQ(verdict(check), "passed");
  server.reply = "pong 8\n";
  EXPECT_EQ(verdict(check), "answer mismatch");
  server.reply = "a pong 7";
  EXPECT_EQ(verdict(check), "answer mismatch");
  server.reply = "";
  EXPECT_EQ(verdict(check), "answer mismatch");
}

TEST_F(UdpCheckTest, SilenceFailsOnlyWhereAnAnswerIsRequired) {
  HealthConfig check = udp_check_of("ping", true);
  check.timeout_ms = 100;
  const CheckResult silent = run(check);
  EXPECT_EQ(test::Probe::verdict(silent), "timeout");
  EXPECT_GE(silent.took_ms, 100u);

  check.answer_required = false;
  EXPECT_EQ(verdict(check), "passed");
  EXPECT_EQ(server.datagrams.size(), 2u);
}

TEST_F(UdpCheckTest, AClosedPortFailsEitherCheckAtOnce) {
  server.close();
  for (const bool required : {true, false}) {
    HealthConfig check = udp_check_of("ping", required);
    check.timeout_ms = 60'000;
    EXPECT_EQ(verdict(check), "port unreachable");
  }
}

TEST_F(UdpCheckTest, WorksWithIpv6) {
  UdpServer six(probe.io, "::1");
  six.reply = "pong";
  EXPECT_EQ(test::Probe::verdict(probe.run(six.endpoint(), udp_check_of("ping", true))), "passed");
  six.close();
  EXPECT_EQ(test::Probe::verdict(probe.run(six.endpoint(), udp_check_of("ping", false))), "port unreachable");
}

TEST_F(UdpCheckTest, AnAnswerFromAnotherAddressDoesNotCount) {
  UdpServer other(probe.io, "127.0.0.2");
  HealthConfig check = udp_check_of("ping", true);
  check.timeout_ms = 300;
  std::optional<CheckResult> result;
  auto keep =
      start_health_check(probe.io, server.endpoint(), "h", check, [&](const CheckResult& r) { result = r; });
  ASSERT_TRUE(test::run_until(probe.io, [&] { return server.datagrams.size() == 1; }));
  server.forward_from(other, "forged");
  EXPECT_TRUE(test::run_until(probe.io, [&] { return result.has_value(); }));
  EXPECT_EQ(test::Probe::verdict(*result), "timeout");
}

TEST_F(UdpCheckTest, CancelNeverCallsBack) {
  bool called = false;
  HealthConfig check = udp_check_of("ping", true);
  check.timeout_ms = 50;
  auto keep =
      start_health_check(probe.io, server.endpoint(), "h", check, [&](const CheckResult&) { called = true; });
  keep->cancel();
  keep->cancel();
  test::run_until(
      probe.io, [] { return false; }, 150ms);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace control
