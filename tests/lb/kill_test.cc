// SPDX-License-Identifier: MIT
// Kills a process in the middle of its work, thousands of times, each time with another number of workers. The next one
// attaches to what is left, mends it, and must find every flow that was established, on its server and in its slot.
//
//   parent                         child: 1..4 workers on the shared segment
//     fork ------------------------> flows open, talk, end; entries move; slots are swept; all noted in the journal
//     SIGKILL at a random moment --> (gone)
//     attach, mend, look at every entry, slot and journal line; again
//
// CLEAT_KILLS says how many times (2,000), CLEAT_KILL_SECONDS for how long at most (25).
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <random>
#include <thread>
#include <vector>

#include "lb/mend.h"
#include "tests/lb/crowd.h"
#include "tests/lb/sanitizers.h"

namespace lb {
namespace {

using test::CrowdFlow;
using test::CrowdTally;
using test::CrowdWorker;
using test::SegmentMemory;
using Clock = std::chrono::steady_clock;

constexpr SegmentGeometry kGeometry{.flows_v4 = 1U << 11, .flows_wide = 1U << 11, .lips = 2};

constexpr unsigned kHammered = 256;

// In shared memory: what the child tells before it is killed.
struct Journal {
  std::atomic<uint64_t> now_ms{1'000'000};
  std::atomic<uint32_t> turn{0};
  CrowdTally tally;
  std::array<CrowdFlow, 1200> flows;
};

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

class KillTest : public testing::Test {
 protected:
  KillTest()
      : journal_(new (::mmap(nullptr, sizeof(Journal), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                             0)) Journal) {
    Segment segment = memory_.format(now());
    snapshot_ = compile(test::crowd_spec(), segment, 1, now(), {}, nullptr).value();
  }
  ~KillTest() override { ::munmap(journal_, sizeof(Journal)); }

  [[nodiscard]] Now now() const { return {journal_->now_ms}; }

  static NarrowTable::Key hammered_narrow(unsigned n) {
    return narrow_key(IpAddress::v4(be32::of(0x647f0000U + n)), 1, 0);
  }
  static WideTable::Key hammered_wide(unsigned n) { return {uint64_t{n} << 32, n * 7, n * 9}; }
  // Nothing but entries that come and go, so that kills find one half written or half moved.
  template <typename Table>
  static void hammer(Table& table, const typename Table::Key& key, Now now) {
    const uint64_t hash = table.hash(key);
    if (table.remove_all(key, hash, kNoSlot) == 0)
      static_cast<void>(table.insert(key, hash, kNoSlot, 0, now.tick()));
  }

  // The child's whole life.
  [[noreturn]] void work(unsigned workers, uint64_t seed, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Segment segment = memory_.attach(now());
    test::CrowdClock clock(journal_->now_ms);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < workers; ++i) {
      auto* counters = new WorkerCounters;
      auto* worker = new Worker(segment, *neighbours_, offers_, path_mtus_, peeks_, *counters, i, workers,
                                test::crowd_macs());
      auto* crowd =
          new CrowdWorker(*worker, *snapshot_, journal_->flows, journal_->turn, journal_->tally, seed + i);
      threads.emplace_back([this, worker, crowd, &clock] {
        for (;;) {
          const Now at = clock.begin(worker->index, 60);
          crowd->step(at);
          test::keep_house(*worker, *snapshot_, at);
          clock.end(worker->index);
        }
      });
    }
    threads.emplace_back([this, &segment] {
      for (unsigned n = 0;; ++n) {
        hammer(segment.flows().narrow, hammered_narrow(n % kHammered), now());
        hammer(segment.flows().wide, hammered_wide(n % kHammered), now());
      }
    });
    [[maybe_unused]] const auto written = ::write(ready, "+", 1);
    for (;;) ::pause();
  }

  // Lets the child live for about that many packets.
  void run_and_kill(unsigned workers, uint64_t seed, uint64_t packets) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) work(workers, seed, ready[1]);
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    const uint64_t end = journal_->tally.steps + packets;
    while (journal_->tally.steps < end) std::this_thread::sleep_for(std::chrono::microseconds(100));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
  }

  void add(const MendReport& report) {
    sum_.entries_removed += report.entries_removed;
    sum_.entries_restored += report.entries_restored;
    sum_.slots_released += report.slots_released;
  }

  // Looks at every entry of a table: its slot is in use, by its own client, and by nobody else.
  template <typename Table>
  void check_entries(Segment& segment, Table& table) {
    for (uint64_t bucket = 0; bucket < table.buckets(); ++bucket) {
      table.visit(bucket, [&](const auto& key, const auto& found) {
        if (!is_slot(found.control.slot())) return;
        ++entries_;
        const auto view = NatSlots::read(segment.slots().at(found.control.slot()));
        if (!view || view->client != client_of(key) || view->client_port != client_port_of(key) ||
            view->control.listener() != listener_of(key) ||
            view->control.backend() != found.control.backend())
          ++astray_;
        if (named_[found.control.slot()]) ++astray_;
        named_[found.control.slot()] = true;
      });
    }
  }
  void check_hammered(Segment& segment) {
    FlowTables& flows = segment.flows();
    for (unsigned n = 0; n < kHammered; ++n) {
      const auto narrow = hammered_narrow(n);
      const auto wide = hammered_wide(n);
      if (flows.narrow.remove_all(narrow, flows.narrow.hash(narrow), kNoSlot) > 1) ++astray_;
      if (flows.wide.remove_all(wide, flows.wide.hash(wide), kNoSlot) > 1) ++astray_;
    }
  }
  void check_slots(Segment& segment) {
    for (SlotIndex i = 0; i < segment.slots().size(); ++i)
      if (NatSlots::read(segment.slots().at(i)) && !named_[i]) ++orphans_;
  }

  // The entry of a journal line. narrow_key or wide_key, as its service has it.
  FlowControl entry_of(Segment& segment, uint32_t index, const CrowdFlow& flow) {
    const SlotControl slot(segment.slots().at(flow.slot).control.load());
    const IpAddress client = test::crowd_client(index);
    if (test::crowd_kind(index) == test::CrowdKind::kTcp4) {
      const auto key = narrow_key(client, flow.client_port, slot.listener());
      return segment.flows().narrow.find(key, segment.flows().narrow.hash(key)).control;
    }
    const auto key = wide_key(client, flow.client_port, slot.listener(), test::crowd_vip(index).port);
    return segment.flows().wide.find(key, segment.flows().wide.hash(key)).control;
  }
  void check_journal(Segment& segment) {
    for (uint32_t i = 0; i < journal_->flows.size(); ++i) {
      CrowdFlow& flow = journal_->flows[i];
      flow.taken = 0;
      if (flow.stage != CrowdFlow::kEstablished) {
        flow.stage = CrowdFlow::kNothing;  // its client tries anew
        continue;
      }
      ++established_;
      const FlowControl entry = entry_of(segment, i, flow);
      if (!entry.is_live() || entry.slot() != flow.slot ||
          snapshot_->backends[entry.backend()].address != test::crowd_backend(i, flow.backend))
        ++broken_;
    }
  }

  SegmentMemory memory_{kGeometry, true};
  Journal* journal_;
  std::unique_ptr<const Snapshot> snapshot_;
  std::unique_ptr<Neighbours> neighbours_ = test::crowd_neighbours();
  WhipOffers offers_;
  PathMtus path_mtus_;
  Peeks peeks_{64};
  MendReport sum_;
  std::vector<bool> named_;
  uint64_t entries_ = 0, established_ = 0, astray_ = 0, orphans_ = 0, broken_ = 0;
};

TEST_F(KillTest, EveryEstablishedFlowOutlivesEveryKill) {
  std::mt19937_64 random(std::random_device{}());
  const uint64_t wanted = setting("CLEAT_KILLS", 2000);
  const auto time = std::chrono::seconds(setting("CLEAT_KILL_SECONDS", test::kSlowdown == 1 ? 25 : 10));
  const auto begin = Clock::now();
  uint64_t kills = 0;
  // Whether a kill meets an entry half written or half moved is chance: the run goes on until both were met.
  const auto enough = [&] {
    const auto spent = Clock::now() - begin;
    const bool met_both = sum_.entries_removed > 0 && sum_.entries_restored > 0;
    return spent >= 4 * time || (met_both && (kills >= wanted || spent >= time));
  };

  for (; !enough(); ++kills) {
    run_and_kill(1 + random() % 4, random(), random() % 3000);
    Segment segment = memory_.attach(now());
    add(mend(segment, now()));
    segment.stamp(now());
    named_.assign(segment.slots().size(), false);
    check_entries(segment, segment.flows().narrow);
    check_entries(segment, segment.flows().wide);
    check_hammered(segment);
    check_slots(segment);
    check_journal(segment);
    ASSERT_EQ(astray_, 0U) << "an entry names another flow's slot, or a key lies twice, after kill " << kills;
    ASSERT_EQ(orphans_, 0U) << "a slot is in use without an entry, after kill " << kills;
    ASSERT_EQ(broken_, 0U) << "an established flow lost its server or slot, after kill " << kills;
    ASSERT_EQ(journal_->tally.wrong, 0U)
        << "before kill " << kills << ": " << journal_->tally.first_wrong.data();
  }

  std::printf(
      "%lu kills; %lu flows opened, %lu refused, %lu ended; per kill: %lu entries, %lu established flows "
      "kept;\n"
      "mended in all: %lu entries removed, %lu restored, %lu slots released\n",
      kills, journal_->tally.opened.load(), journal_->tally.refused.load(), journal_->tally.ended.load(),
      entries_ / kills, established_ / kills, sum_.entries_removed, sum_.entries_restored,
      sum_.slots_released);
  EXPECT_GT(established_, 0U);
  EXPECT_GT(sum_.slots_released, 0U);
  EXPECT_GT(sum_.entries_removed, 0U);
  EXPECT_GT(sum_.entries_restored, 0U);
}

}  // namespace
}  // namespace lb
