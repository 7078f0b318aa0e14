// SPDX-License-Identifier: MIT
// A worker carries traffic of every kind until tables and ports are used up, and its clock runs until all is swept, while
// control compiles and publishes snapshots, reads counters and drains traces: nothing on the packet path allocates, locks,
// looks at a clock or calls the system (tests/lb/quiet.h fails the test else).
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

#include "dataplane/snapshot_slot.h"
#include "lb/trace_ring.h"
#include "tests/lb/medley.h"
#include "tests/lb/medley_services.h"
#include "tests/lb/quiet.h"

namespace dataplane {
namespace {

using namespace lb::test;  // NOLINT: the rig's words
using lb::DropReason;

constexpr unsigned kRounds = 3;
constexpr auto kDeadline = std::chrono::seconds(60);

class QuietPath : public testing::Test {
 protected:
  QuietPath() {
    spec_ = rig_.spec();
    for (unsigned i = 0; i < kMedleyWorkers; ++i) counters_.push_back(&rig_.counters(i));
    publish();
    rig_.read_snapshot = [this]() -> const lb::Snapshot& {
      slot_.quiescent(0);
      now_ms_.store(rig_.now().ms, std::memory_order_relaxed);
      return *slot_.read();
    };
  }

  // Control: each snapshot has other weights and picks; every other four are traced.
  void publish() {
    const uint64_t generation = generation_.load() + 1;
    pool(spec_, "srs").backends[0].weight = generation % 2 == 0 ? 100 : 0;
    pool(spec_, "srs6").backends[1].weight = static_cast<uint32_t>(1 + generation % 7);
    pool(spec_, "turns").pick = generation % 3 == 0 ? lb::PickMethod::kLeastLoad : lb::PickMethod::kWrr;
    const bool silent = mute_silent_.load();
    if (!silent || silent_since_ms_ == 0) silent_since_ms_ = silent ? now_ms_.load() : 0;
    set_mute(spec_, silent, silent_since_ms_);
    if (generation % 8 < 4)
      spec_.trace.reset();
    else
      spec_.trace = lb::TraceSpec{{}, "", rings_};
    auto made = lb::compile(spec_, rig_.segment(), generation, {now_ms_.load()}, counters_, slot_.in_force());
    ASSERT_TRUE(made.ok()) << made.error();
    slot_.publish(std::move(made).value());
    generation_ = generation;
  }
  void read() {
    lb::TraceRecord record;
    for (unsigned i = 0; i < kMedleyWorkers; ++i)
      while (rings_->of(i).take(record)) ++traced_;
    for (const lb::WorkerCounters* each : counters_)
      for (const lb::Counter& drops : each->drops) read_ += drops.get();
  }
  void expect_that_all_happened() {
    for (const DropReason reason : {DropReason::kTableFull,     DropReason::kLipPortsExhausted,
                                    DropReason::kServerSilent,  DropReason::kNoFlow,
                                    DropReason::kFragmentLost,  DropReason::kFragmentOverlap,
                                    DropReason::kTtlExpired,    DropReason::kTooBig,
                                    DropReason::kNoSession,     DropReason::kBadStun,
                                    DropReason::kStunIntegrity, DropReason::kFrameTruncated,
                                    DropReason::kBadIpHeader,   DropReason::kBadIpChecksum,
                                    DropReason::kBadL4Header,   DropReason::kBadSource,
                                    DropReason::kNoService,     DropReason::kOtherStation,
                                    DropReason::kSrtCookie,     DropReason::kSrtUnknown})
      EXPECT_GE(rig_.drops(reason), 1U) << lb::drop_reason_name(reason);
    const lb::WorkerCounters& counted = rig_.counters();
    const std::pair<const char*, const lb::Counter&> happened[] = {
        {"packets of known flows", counted.flow_hits},
        {"new flows", counted.flow_misses},
        {"entries moved", counted.relocations},
        {"frames held", counted.held},
        {"ARP and neighbour discovery", counted.consumed},
        {"frames for the kernel", counted.ports[kOutside].punted},
        {"ICMP errors of its own", counted.icmp_sent},
        {"ICMP errors of others", counted.icmp_relayed},
        {"flows reset", counted.resets},
        {"owners asked", counted.ice.asked},
        {"sessions learned", counted.ice.learned},
        {"challenges", counted.ice.challenges},
        {"moves by a challenge", counted.ice.moves_challenged},
        {"packets of unproven addresses", counted.ice.bridged},
        {"SRT connections", counted.srt.opened},
        {"SRT connections that moved", counted.srt.moved},
        {"connection ids, single pass", counted.cid_routed[0]},
        {"connection ids, four passes", counted.cid_routed[1]},
        {"connection ids in clear", counted.cid_routed[2]},
        {"clients that moved", counted.cid_moves},
    };
    for (const auto& [what, count] : happened) EXPECT_GE(count.get(), 10U) << what;
  }
  // The worker: waits until control has heard it.
  void mute(bool silent) {
    mute_silent_ = silent;
    const uint64_t heard = generation_.load() + 2;
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (generation_.load() < heard && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    EXPECT_GE(generation_.load(), heard);
  }

  IceRig rig_{add_medley, kMedleyWorkers, kMedleySegment};
  SnapshotSlot slot_{1};
  lb::SnapshotSpec spec_;
  std::vector<const lb::WorkerCounters*> counters_;
  const std::shared_ptr<lb::TraceRings> rings_ = std::make_shared<lb::TraceRings>(kMedleyWorkers, 256);
  std::atomic<uint64_t> generation_{1}, now_ms_{rig_.now().ms};
  std::atomic<bool> mute_silent_{false};
  uint64_t silent_since_ms_ = 0, traced_ = 0, read_ = 0;
};

TEST_F(QuietPath, NeitherAllocatesNorLocksNorCallsTheSystemWhateverComes) {
  std::atomic<bool> over{false}, watched{false};
  Medley medley(rig_, WHIP_VECTORS, [this](bool silent) { mute(silent); });
  double worked_s = 0;  // of CPU time: a busy machine may let control wait
  std::thread worker([&] {
    watched = watch_system_calls();
    slot_.join(0);
    for (unsigned round = 0; round < kRounds; ++round) medley.play(round);
    slot_.leave(0);
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    worked_s = static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
    over = true;
  });
  while (!over) {
    publish();
    read();
  }
  worker.join();

  EXPECT_GE(static_cast<double>(generation_.load()), 10 * worked_s) << "snapshots";
  EXPECT_GT(traced_, 1000U);
  EXPECT_GT(read_, 0U);
  for (const auto& [kind, tally] : medley.tallies()) EXPECT_GE(tally.forwarded, 50U) << kind;
  expect_that_all_happened();
  EXPECT_EQ(rig_.slots_in_state(lb::SlotState::kLive), 0U) << "the sweep has taken all back";
  if (!watched)
    GTEST_SKIP() << "all but system calls was watched: this kernel has no syscall user dispatch (Linux on "
                    "x86-64 from 5.11 on has)";
}

}  // namespace
}  // namespace dataplane
