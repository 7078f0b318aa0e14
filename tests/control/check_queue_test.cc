// SPDX-License-Identifier: MIT
// How checks are kept apart: a queue, places within the interval, no bursts.
#include "control/check_queue.h"

#include <algorithm>

#include "tests/control/health_rig.h"

namespace control {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::http_check;
using test::run_until;
using Clock = std::chrono::steady_clock;

TEST(CheckQueue, BeginsAsManyAsThereIsRoomForAndTheOthersInTheirOrder) {
  asio::io_context io;
  CheckQueue queue(io, 2);
  std::vector<int> begun;
  std::vector<CheckQueue::Place> places;
  for (int i = 0; i < 5; ++i) places.push_back(queue.enter([&begun, i] { begun.push_back(i); }));
  EXPECT_EQ(begun, (std::vector<int>{0, 1}));
  EXPECT_EQ(queue.waiting(), 3u);

  places[1].give_up();
  places[0].give_up();
  io.run();

  EXPECT_EQ(begun, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(queue.running(), 2u);
}

TEST(CheckQueue, WhoGivesUpHisPlaceNeverBegins) {
  asio::io_context io;
  CheckQueue queue(io, 1);
  std::vector<int> begun;
  auto first = queue.enter([&] { begun.push_back(1); });
  auto second = queue.enter([&] { begun.push_back(2); });
  auto third = queue.enter([&] { begun.push_back(3); });
  second.give_up();
  first.give_up();
  io.run();
  EXPECT_EQ(begun, (std::vector<int>{1, 3}));
}

TEST(CheckQueue, MoreRoomLetsThemInAndLessCutsNone) {
  asio::io_context io;
  CheckQueue queue(io, 1);
  unsigned begun = 0;
  std::vector<CheckQueue::Place> places;
  for (int i = 0; i < 4; ++i) places.push_back(queue.enter([&] { ++begun; }));
  queue.set_at_once(3);
  io.run();
  EXPECT_EQ(begun, 3u);
  queue.set_at_once(1);
  io.restart();
  places[0].give_up();
  io.run();
  EXPECT_EQ(begun, 3u);
  EXPECT_EQ(queue.running(), 2u);
}

class CrowdTest : public test::HealthTest {
 protected:
  // That many backends, all of them `server`.
  std::vector<HealthTarget> crowd(unsigned count, const HealthConfig& check) const {
    std::vector<HealthTarget> targets;
    for (unsigned i = 0; i < count; ++i)
      targets.push_back({"pool" + std::to_string(i), server.endpoint(), check});
    return targets;
  }
  unsigned checked(unsigned count) const {
    unsigned n = 0;
    for (unsigned i = 0; i < count; ++i)
      n += health.view("pool" + std::to_string(i), server.endpoint())->checked ? 1 : 0;
    return n;
  }
};

TEST_F(CrowdTest, NoMoreThanAllowedAreUnderWayAndNobodyStarves) {
  constexpr unsigned kBackends = 120, kAtOnce = 8;
  HealthConfig check = fast();
  check.interval_ms = check.fast_interval_ms = 100;
  check.timeout_ms = 20;
  server.hangs = true;
  health.set_at_once(kAtOnce);
  health.set(crowd(kBackends, check));
  size_t most = 0;
  EXPECT_TRUE(run_until(io, [&] {
    most = std::max(most, health.queue().running());
    return changes == kBackends;
  })) << checked(kBackends);
  EXPECT_EQ(most, kAtOnce);
  EXPECT_GT(health.queue().waiting(), 0u);
}

TEST_F(CrowdTest, ChecksThatComeLateAreToldOnceAtBothEdges) {
  HealthConfig check = fast();
  check.interval_ms = check.fast_interval_ms = 100;
  check.timeout_ms = 400;
  server.hangs = true;
  health.set_at_once(1);
  health.set(crowd(8, check));
  ASSERT_TRUE(run_until(io, [&] { return logged("health checks late at_once=1") > 0; }));
  server.hangs = false;
  ASSERT_TRUE(run_until(io, [&] { return logged("health checks in time") > 0; }));
  EXPECT_EQ(logged("health checks late"), 1u);
}

// Against the clock, so the bound is wide: in a burst all would come within one slice.
TEST_F(CrowdTest, ThousandBackendsAreNoBurst) {
  constexpr unsigned kBackends = 1000;
  constexpr auto kSlice = 100ms;
  HealthConfig check;  // tcp each 2 s: 50 in a slice are its share
  check.timeout_ms = 10'000;
  health.set(crowd(kBackends, check));
  std::vector<unsigned> slices(1);
  const auto begin = Clock::now();
  run_until(
      io,
      [&] {
        const auto slice = static_cast<size_t>((Clock::now() - begin) / kSlice);
        if (slice >= slices.size()) slices.resize(slice + 1);
        slices[slice] = server.connections;
        return false;
      },
      6s);
  unsigned most = 0, before = 0;
  for (const unsigned total : slices) {
    if (total == 0) continue;
    most = std::max(most, total - before);
    before = total;
  }
  RecordProperty("most_in_100_ms", static_cast<int>(most));
  EXPECT_GE(server.connections, 2 * kBackends);
  EXPECT_LT(most, 400u);
  EXPECT_EQ(changes, 0u);
}

TEST_F(CrowdTest, SecondChecksLieAnywhereInALongInterval) {
  constexpr unsigned kBackends = 200;
  HealthConfig check;
  check.interval_ms = 3'600'000;
  health.set(crowd(kBackends, check));
  ASSERT_TRUE(run_until(io, [&] { return checked(kBackends) == kBackends; }));
  // Of 200 places in an hour none or one lie in these two seconds, where all first checks were.
  run_until(
      io, [] { return false; }, 500ms);
  EXPECT_LT(server.connections, kBackends + 5);
}

}  // namespace
}  // namespace control
