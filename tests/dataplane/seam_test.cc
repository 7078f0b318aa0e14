// SPDX-License-Identifier: MIT
// Control and workers at once: snapshots compiled and published while two workers carry traffic on one segment.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "dataplane/snapshot_slot.h"
#include "lb/trace_ring.h"
#include "tests/lb/rig.h"

namespace dataplane {
namespace {

using namespace lb::test;  // NOLINT: the rig's words

constexpr unsigned kWorkers = 2;
constexpr unsigned kFlows = 200;

class SeamTest : public testing::Test {
 protected:
  SeamTest() {
    for (unsigned n : {11U, 12U, 13U})
      neighbours_.put_static(kInside, ip("10.20.0." + std::to_string(n)), backend_mac(n));
    for (unsigned i = 0; i < kWorkers; ++i)
      workers_.push_back(std::make_unique<lb::Worker>(
          segment_, neighbours_, offers_, path_mtus_, peeks_, counters_[i], i, kWorkers,
          std::array<lb::MacAddress, lb::kMaxPorts>{kOutsideMac, kInsideMac}));
  }

  // Backend 11 takes new sessions only in odd generations; the pool's pick changes as well.
  void publish(uint64_t generation, const std::optional<lb::TraceSpec>& trace = {}) {
    lb::SnapshotSpec spec = two_armed_spec();
    spec.trace = trace;
    pool(spec, "srs").backends[0].weight = generation % 2 == 1 ? 100 : 0;
    pool(spec, "srs").pick = generation % 3 == 0 ? lb::PickMethod::kLeastLoad : lb::PickMethod::kMaglev;
    const std::array<const lb::WorkerCounters*, kWorkers> counters{&counters_[0], &counters_[1]};
    auto made = lb::compile(spec, segment_, generation, now_, counters, slot_.in_force());
    ASSERT_TRUE(made.ok()) << made.error();
    slot_.publish(std::move(made).value());
  }

  // Sends `burst` and returns how many were forwarded.
  static unsigned send(lb::Worker& worker, const lb::Snapshot& snapshot, lb::Now now,
                       std::vector<Bytes>& frames, lb::Burst& burst) {
    burst.count = static_cast<unsigned>(frames.size());
    for (unsigned i = 0; i < burst.count; ++i)
      burst.frames[i] = {frames[i].data(), static_cast<uint16_t>(frames[i].size()), 0, kOutside};
    lb::process(worker, snapshot, now, burst);
    unsigned sent = 0;
    for (unsigned i = 0; i < burst.count; ++i) sent += burst.verdicts[i].action == lb::Action::kTx ? 1 : 0;
    worker.out.clear();
    return sent;
  }

  // One worker's life until `stop`: bursts of 8 from a client of its own.
  void work(unsigned w, const std::atomic<bool>& stop, std::atomic<uint64_t>& sent,
            std::atomic<uint64_t>& offered) {
    slot_.join(w);
    auto burst = std::make_unique<lb::Burst>();
    for (unsigned round = 0; !stop.load(std::memory_order_relaxed); ++round) {
      std::vector<Bytes> frames;
      for (unsigned i = 0; i < 8; ++i)
        frames.push_back(udp("198.51.100." + std::to_string(1 + w) + ":" +
                                 std::to_string(20000 + (8 * round + i) % kFlows),
                             "10.10.0.100:8000")
                             .bytes());
      const lb::Snapshot& snapshot = *slot_.read();
      sent += send(*workers_[w], snapshot, now_, frames, *burst);
      offered += frames.size();
      lb::housekeep(*workers_[w], snapshot, now_);
      slot_.quiescent(w);
    }
    slot_.leave(w);
  }

  SegmentMemory memory_{kTinySegment};
  lb::Now now_{1'000'000};
  lb::Segment segment_ = memory_.format(now_);
  lb::Neighbours neighbours_;
  lb::WhipOffers offers_;
  lb::PathMtus path_mtus_;
  lb::Peeks peeks_;
  lb::WorkerCounters counters_[kWorkers];
  std::vector<std::unique_ptr<lb::Worker>> workers_;
  SnapshotSlot slot_{kWorkers};
};

TEST_F(SeamTest, TrafficFlowsWhileAHundredSnapshotsAreSwapped) {
  publish(1);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> sent{0}, offered{0};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < kWorkers; ++w) threads.emplace_back([&, w] { work(w, stop, sent, offered); });
  for (uint64_t generation = 2; generation <= 100; ++generation) {
    publish(generation);
    while (offered.load() < generation * 8) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(sent, offered) << "every packet found a backend";
  EXPECT_EQ(slot_.collect(), 0U);
  const auto opened = [&](lb::BackendId id) {
    uint64_t all = 0;
    for (const lb::WorkerCounters& c : counters_) all += c.backends[id].flows_opened.get();
    return all;
  };
  EXPECT_EQ(opened(0) + opened(1) + opened(2), kWorkers * kFlows);
}

TEST_F(SeamTest, TracesComeAndGoWhileWorkersCarryTraffic) {
  publish(1);
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> sent{0}, offered{0};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < kWorkers; ++w) threads.emplace_back([&, w] { work(w, stop, sent, offered); });
  uint64_t kept = 0, wrong = 0;
  lb::TraceRecord record;
  for (uint64_t generation = 2; generation <= 60; ++generation) {
    lb::TraceSpec trace;
    trace.filter.snaplen = 64;
    trace.filter.client = ip("198.51.100.1");
    trace.rings = std::make_shared<lb::TraceRings>(kWorkers, 16);
    publish(generation, generation % 3 == 0 ? std::nullopt : std::optional(trace));
    const uint64_t until = offered.load() + 64;
    while (offered.load() < until) std::this_thread::yield();
    // The last snapshot that names these rings may be in force still: the worker of that client goes on filling them.
    for (unsigned w = 0; w < kWorkers; ++w)
      while (trace.rings->of(w).take(record)) {
        ++kept;
        wrong += w != 0 || record.client.address != ip("198.51.100.1") || record.action != lb::Action::kTx ||
                 record.kept_in == 0;
      }
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(sent, offered);
  EXPECT_GT(kept, 0u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(slot_.collect(), 0U);
}

}  // namespace
}  // namespace dataplane
