// SPDX-License-Identifier: MIT
// Servers that hang, drip, flap; and suspicions from elsewhere.
#include "tests/control/health_rig.h"

namespace control {
namespace {

using namespace std::chrono_literals;
using test::http_check;
using test::http_reply;
using test::run_until;

class HealthFaultsTest : public test::HealthTest {
 protected:
  HealthView view() const { return *health.view("live", server.endpoint()); }
  bool wait(bool wanted) {
    return run_until(io, [&] { return healthy() == wanted; });
  }
  bool wait_checks(uint64_t failed) {
    return run_until(io, [&] { return view().checks_failed >= failed; });
  }
  static HealthConfig impatient() {
    HealthConfig check = fast();
    check.timeout_ms = 60;
    return check;
  }
};

TEST_F(HealthFaultsTest, AServerThatAcceptsAndNeverAnswersIsDownAndToldOnce) {
  server.hangs = true;
  health.set({target(impatient())});
  ASSERT_TRUE(wait(false));
  ASSERT_TRUE(wait_checks(6));
  EXPECT_EQ(view().down_reason, "timeout");
  EXPECT_EQ(logged("backend down"), 1u);
  EXPECT_TRUE(run_until(io, [&] { return server.closed_by_client + 1 >= server.requests.size(); }))
      << "each connection is closed";
}

TEST_F(HealthFaultsTest, AServerThatDripsItsHeaderIsDownAfterOneTimeoutEach) {
  server.reply = http_reply(200, "");
  server.byte_gap = 15ms;  // the header alone takes half a second
  health.set({target(impatient())});
  ASSERT_TRUE(wait(false));
  EXPECT_EQ(view().down_reason, "timeout");
  EXPECT_GE(view().took_ms, 60u);
  EXPECT_EQ(logged("backend down"), 1u);
}

TEST_F(HealthFaultsTest, AFlappingServerIsToldOncePerChangeAndItsFallsAreCounted) {
  HealthConfig check = fast();
  check.fall = check.rise = 2;
  health.set({target(check)});
  for (unsigned flaps = 1; flaps <= 4; ++flaps) {
    server.reply = http_reply(503, "");
    ASSERT_TRUE(wait(false));
    server.reply = http_reply(200, "");
    ASSERT_TRUE(wait(true));
    EXPECT_EQ(view().falls, flaps);
  }
  EXPECT_EQ(logged("backend down"), 4u);
  EXPECT_EQ(logged("backend up"), 4u);
  EXPECT_EQ(changes, 8u);
}

TEST_F(HealthFaultsTest, WhyItIsDownStaysWhileItRises) {
  HealthConfig check = fast();
  check.rise = 100;
  server.reply = http_reply(503, "");
  health.set({target(check)});
  ASSERT_TRUE(wait(false));
  server.reply = http_reply(200, "");
  ASSERT_TRUE(run_until(io, [&] { return view().reason.empty(); }));
  EXPECT_EQ(view().down_reason, "status 503");
  EXPECT_FALSE(view().healthy);
}

TEST_F(HealthFaultsTest, SinceIsTheWallTimeOfTheChange) {
  const auto before = std::chrono::system_clock::now();
  server.refuse();
  health.set({target(fast())});
  ASSERT_TRUE(wait(false));
  EXPECT_GE(view().since, before);
  EXPECT_LE(view().since, std::chrono::system_clock::now());
  EXPECT_EQ(view().checks_failed, 2u);
}

class SuspicionTest : public HealthFaultsTest {
 protected:
  // Watched, and known to be well.
  void watch(uint32_t fast_interval_ms) {
    HealthConfig check = http_check();
    check.interval_ms = 3'600'000;
    check.fast_interval_ms = fast_interval_ms;
    health.set({target(check)});
    ASSERT_TRUE(run_until(io, [&] { return view().checked; }));
  }
  bool suspect(const char* reason = "3 resets in 1 s") {
    return health.suspect("live", server.endpoint(), reason);
  }
};

TEST_F(SuspicionTest, IsCheckedAtOnceAndDecidedByChecks) {
  watch(20);
  server.refuse();
  EXPECT_TRUE(suspect());
  EXPECT_TRUE(healthy()) << "a suspicion alone changes nothing";
  EXPECT_TRUE(view().suspicion->open);
  ASSERT_TRUE(wait(false)) << "the interval is an hour";
  EXPECT_EQ(view().down_reason, "refused");
  EXPECT_FALSE(view().suspicion->open);
  EXPECT_EQ(view().suspicion->reason, "3 resets in 1 s");
}

TEST_F(SuspicionTest, AnInnocentBackendGetsOneCheckMore) {
  watch(20);
  suspect();
  ASSERT_TRUE(run_until(io, [&] { return !view().suspicion->open; }));
  run_until(
      io, [] { return false; }, 150ms);
  EXPECT_EQ(server.requests.size(), 2u);
  EXPECT_TRUE(healthy());
}

TEST_F(SuspicionTest, ManyAreOneCheckPerFastInterval) {
  watch(300);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(run_until(io, [&] {
    suspect();
    return server.requests.size() >= 4;
  }));
  // Three checks more, each nine tenths of 300 ms at least after the one before; the first had begun already.
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 2 * 270ms);
  EXPECT_EQ(logged("backend suspected pool=live"), 1u);
  EXPECT_GT(view().suspicions, 10u);
}

TEST_F(SuspicionTest, DuringACheckAsksForAnotherOne) {
  server.hangs = true;
  HealthConfig check = http_check();
  check.interval_ms = 3'600'000;
  check.fast_interval_ms = 20;
  check.timeout_ms = 200;
  check.fall = 100;
  health.set({target(check)});
  ASSERT_TRUE(run_until(io, [&] { return server.requests.size() == 1; }));
  suspect();
  ASSERT_TRUE(wait_checks(1));
  EXPECT_TRUE(view().suspicion->open) << "that check began before";
  EXPECT_TRUE(run_until(io, [&] { return !view().suspicion->open; }));
}

TEST_F(SuspicionTest, OfABackendWithoutChecksIsNotTaken) {
  watch(20);
  EXPECT_FALSE(health.suspect("other", server.endpoint(), "resets"));
}

}  // namespace
}  // namespace control
