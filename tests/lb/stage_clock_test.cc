// SPDX-License-Identifier: MIT
// Bursts that are timed stage by stage, by a clock that the test makes.
#include "lb/stage_clock.h"

#include <gtest/gtest.h>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

// Each look at it takes twice as long as the one before: 0, 1, 3, 7, 15...
uint64_t now = 0, step = 0;
uint64_t doubling() noexcept {
  now += step;
  step = step == 0 ? 1 : 2 * step;
  return now;
}

class StageClockTest : public testing::Test {
 protected:
  StageClockTest() { now = step = 0; }

  // A packet through the pipeline; where it went.
  Verdict pass(Bytes frame, StageClock* clock) {
    auto burst = std::make_unique<Burst>();
    burst->count = 1;
    burst->frames[0] = {frame.data(), static_cast<uint16_t>(frame.size()), 0, kOutside};
    process(rig_.worker(), rig_.snapshot(), rig_.now(), *burst, clock);
    return burst->verdicts[0];
  }
  [[nodiscard]] uint64_t cycles(Stage stage) {
    return rig_.counters().load.stage_cycles[static_cast<unsigned>(stage)].get();
  }

  Rig rig_;
  StageClock clock_{rig_.counters().load, doubling};
  const Bytes known_ = udp("198.51.100.7:20000", "10.10.0.100:8000").payload("media");
};

TEST_F(StageClockTest, EachStageGetsTheTimeUpToItsEndInTheOrderOfTheWay) {
  clock_.start();
  clock_.lap(Stage::kRx);
  pass(known_, &clock_);
  clock_.lap(Stage::kTx);

  uint64_t expected = 1;
  for (unsigned stage = 0; stage < kStageNames.size(); ++stage, expected *= 2)
    EXPECT_EQ(cycles(static_cast<Stage>(stage)), expected) << kStageNames[stage];
}

TEST_F(StageClockTest, TheStagesOfManyBurstsAddUpToTheirTime) {
  uint64_t elapsed = 0;
  for (unsigned n = 0; n < 5; ++n) {
    clock_.start();
    const uint64_t began = now;
    pass(known_, &clock_);
    elapsed += now - began;
  }

  uint64_t sum = 0;
  for (const Counter& each : rig_.counters().load.stage_cycles) sum += each.get();
  EXPECT_EQ(sum, elapsed);
  EXPECT_EQ(cycles(Stage::kRx) + cycles(Stage::kTx), 0U) << "the caller's";
}

TEST_F(StageClockTest, ABurstThatIsNotTimedGoesTheSameWay) {
  clock_.start();
  const Verdict timed = pass(known_, &clock_);
  const uint64_t looked = now;
  const Verdict plain = pass(known_, nullptr);

  EXPECT_EQ(plain.action, Action::kTx);
  EXPECT_EQ(plain.action, timed.action);
  EXPECT_EQ(plain.port, timed.port);
  EXPECT_EQ(now, looked);
}

TEST(LoadCounters, BurstsAreCountedByTheirFrames) {
  LoadCounters load;
  for (unsigned frames = 1; frames <= kMaxBurst; ++frames) load.burst(frames);

  std::vector<uint64_t> counts;
  for (const Counter& each : load.bursts) counts.push_back(each.get());
  EXPECT_EQ(counts, (std::vector<uint64_t>{1, 3, 4, 8, 15, kMaxBurst - 31}));
}

}  // namespace
}  // namespace lb
