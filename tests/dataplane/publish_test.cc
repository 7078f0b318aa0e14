// SPDX-License-Identifier: MIT
// From SnapshotSlot::publish() until a worker has left the former snapshot for good: how long what an operator changes takes to be in
// force. Several workers do not wait for each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "tests/dataplane/loop_rig.h"

namespace dataplane {
namespace {

using namespace test;  // NOLINT: the rig's words
using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

constexpr unsigned kRounds = 500, kFrames = 900;
constexpr double kTargetUs = 1000;

class PublishTest : public LoopRig {
 protected:
  // Microseconds of each round for which ready() said yes, in order.
  std::vector<double> publish_again_and_again(const std::function<bool()>& ready) {
    start(one_backend);
    run();
    std::vector<double> taken;
    for (unsigned round = 0; round < kRounds && !HasFatalFailure(); ++round) {
      auto next = lb::compile(spec_, segment_, 2 + round, boot_time(), {}, slot_.in_force());
      EXPECT_TRUE(next.ok()) << next.error();
      if (!next.ok()) break;
      const bool counts = ready();
      const auto began = Clock::now();
      slot_.publish(std::move(next).value());
      EXPECT_TRUE(soon([this] { return slot_.collect() == 0; }));
      if (counts) taken.push_back(Micros(Clock::now() - began).count());
    }
    std::sort(taken.begin(), taken.end());
    return taken;
  }
  static void expect_in_time(const char* what, const std::vector<double>& taken) {
    ASSERT_GE(taken.size(), kRounds / 50);
    const double median = taken[taken.size() / 2];
    std::printf("%s: median %.1f us, 99 %% within %.1f us, longest %.1f us of %zu (wanted %.0f us)\n", what,
                median, taken[taken.size() * 99 / 100], taken.back(), taken.size(), kTargetUs);
    EXPECT_LE(median, 10 * kTargetUs);
  }
};

TEST_F(PublishTest, AWorkerUnderLoadTakesItAfterItsBurst) {
  unsigned delivered = 0;
  const auto is_busy = [&] {
    EXPECT_TRUE(soon([&] { return inside_->sent() == delivered; }));
    while (inside_->take()) {
    }
    std::vector<rte_mbuf*> frames;
    for (unsigned n = 0; n < kFrames; ++n) frames.push_back(mbuf_of(client_frame(0)));
    for (rte_mbuf* frame : frames) outside_->deliver(frame);
    delivered = kFrames;
    EXPECT_TRUE(soon([&] { return inside_->sent() > 0; }));
    return inside_->sent() < kFrames;
  };
  expect_in_time("under load", publish_again_and_again(is_busy));
}

TEST_F(PublishTest, NobodyWaitsForAWorkerThatRests) {
  expect_in_time("at rest", publish_again_and_again([] { return true; }));
}

}  // namespace
}  // namespace dataplane
