// SPDX-License-Identifier: MIT
// Several workers carry the flows of one crowd over one segment: each packet of a flow on any worker, whole lives from
// SYN to FIN, time flying. Every answer reaches its own client, and in the end every slot and entry is given back.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/lb/crowd.h"
#include "tests/lb/sanitizers.h"

namespace lb {
namespace {

using test::CrowdFlow;
using test::CrowdTally;
using test::CrowdWorker;
using test::SegmentMemory;

class WorkersStress : public testing::TestWithParam<unsigned> {
 protected:
  WorkersStress() : snapshot_(compile(test::crowd_spec(), segment_, 1, {now_ms_}, {}, nullptr).value()) {
    for (unsigned i = 0; i < GetParam(); ++i) {
      counters_.push_back(std::make_unique<WorkerCounters>());
      workers_.push_back(std::make_unique<Worker>(segment_, *neighbours_, offers_, path_mtus_, peeks_,
                                                  *counters_[i], i, GetParam(), test::crowd_macs()));
      crowd_.push_back(std::make_unique<CrowdWorker>(*workers_[i], *snapshot_, flows_, turn_, tally_, i + 1));
    }
  }

  // Each burst moves the clock of all by 8 ms: as many packets a second whoever carries them.
  void work(unsigned me, uint64_t bursts, bool open_new) {
    for (uint64_t i = 0; i < bursts; ++i) {
      const Now now = clock_.begin(me, 8);
      crowd_[me]->step(now, open_new);
      test::keep_house(*workers_[me], *snapshot_, now);
      clock_.end(me);
    }
  }
  void work_together(uint64_t bursts_of_all, bool open_new) {
    const uint64_t bursts = bursts_of_all / GetParam();
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < GetParam(); ++t) threads.emplace_back([=, this] { work(t, bursts, open_new); });
    for (std::thread& thread : threads) thread.join();
  }
  void wait_s(unsigned seconds) {
    now_ms_ += uint64_t{seconds} * 1000;
    for (const auto& worker : workers_) test::keep_house(*worker, *snapshot_, {now_ms_});
  }
  uint64_t sum(Counter TrafficCounters::*counter) const {
    uint64_t total = 0;
    for (const auto& each : counters_)
      for (unsigned id = 0; id < 16; ++id) total += (each->services[id].*counter).get();
    return total;
  }
  uint64_t slots_in_use() {
    uint64_t count = 0;
    for (SlotIndex i = 0; i < segment_.slots().size(); ++i)
      if (NatSlots::read(segment_.slots().at(i))) ++count;
    return count;
  }
  uint64_t entries() {
    uint64_t count = 0;
    const auto count_in = [&](auto& table) {
      for (uint64_t b = 0; b < table.buckets(); ++b)
        table.visit(b, [&](const auto&, const auto&) { ++count; });
    };
    count_in(segment_.flows().narrow);
    count_in(segment_.flows().wide);
    return count;
  }

  SegmentMemory memory_{{.flows_v4 = 1U << 14, .flows_wide = 1U << 14, .lips = 2}};
  std::atomic<uint64_t> now_ms_{1'000'000};
  test::CrowdClock clock_{now_ms_};
  Segment segment_ = memory_.format({now_ms_});
  std::unique_ptr<const Snapshot> snapshot_;
  std::unique_ptr<Neighbours> neighbours_ = test::crowd_neighbours();
  WhipOffers offers_;
  PathMtus path_mtus_;
  Peeks peeks_{64};
  std::vector<std::unique_ptr<WorkerCounters>> counters_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<CrowdWorker>> crowd_;
  std::vector<CrowdFlow> flows_ = std::vector<CrowdFlow>(3000);
  std::atomic<uint32_t> turn_{0};
  CrowdTally tally_;
};

TEST_P(WorkersStress, EveryAnswerReachesItsClientAndEverySlotComesBack) {
  work_together(test::rounds(60'000), true);

  EXPECT_EQ(tally_.wrong, 0U) << tally_.first_wrong.data();
  EXPECT_EQ(tally_.refused, 0U);
  EXPECT_GT(tally_.ended, flows_.size()) << "too few flows lived their whole life";
  EXPECT_EQ(sum(&TrafficCounters::flows_opened), tally_.opened);
  EXPECT_GE(slots_in_use(), entries()) << "a flow that begins anew leaves its former slot to the sweep";

  wait_s(400);

  EXPECT_EQ(slots_in_use(), 0U);
  EXPECT_EQ(entries(), 0U);
  EXPECT_EQ(sum(&TrafficCounters::flows_opened), sum(&TrafficCounters::flows_closed));
}

INSTANTIATE_TEST_SUITE_P(Workers, WorkersStress, testing::Values(1U, 2U, 4U));

}  // namespace
}  // namespace lb
