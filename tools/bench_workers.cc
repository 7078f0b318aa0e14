// SPDX-License-Identifier: MIT
// Two workers on shared tables, each on a processor of its own, beside either of them alone.
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "tools/bench_batch.h"
#include "tools/bench_case.h"
#include "tools/bench_cases.h"

namespace bench {
namespace {

constexpr unsigned kWorkers = 2;
constexpr Part kKnown{};

// The calling thread's processors, as they were when it ends.
class Pinned {
 public:
  explicit Pinned(unsigned cpu) {
    ::pthread_getaffinity_np(::pthread_self(), sizeof(before_), &before_);
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(cpu, &only);
    done_ = ::pthread_setaffinity_np(::pthread_self(), sizeof(only), &only) == 0;
  }
  ~Pinned() { ::pthread_setaffinity_np(::pthread_self(), sizeof(before_), &before_); }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  [[nodiscard]] bool done() const { return done_; }

 private:
  cpu_set_t before_;
  bool done_;
};

// How long a batch took its worker.
struct Taken {
  uint64_t begin = 0, end = 0, cpu = 0;
};

Taken run_timed(Batch& batch) {
  Taken taken;
  taken.begin = now_ns(CLOCK_MONOTONIC);
  taken.cpu = time(CLOCK_THREAD_CPUTIME_ID, [&batch] { batch.run(lb::kMaxBurst); });
  taken.end = now_ns(CLOCK_MONOTONIC);
  return taken;
}

// From when the first one began until the last one was done.
struct Round {
  uint64_t ns = 0;
  bool undisturbed = false;  // no other program had one of the processors meanwhile
};

Round round_of(std::initializer_list<Taken> all) {
  uint64_t begin = UINT64_MAX, end = 0, cpu = 0;
  for (const Taken& taken : all) {
    begin = std::min(begin, taken.begin);
    end = std::max(end, taken.end);
    cpu = std::max(cpu, taken.cpu);
  }
  return {end - begin, (end - begin) * 95 <= cpu * 100};
}

// A second thread on processor 1 that runs its batch when it is told to.
class Second {
 public:
  explicit Second(Batch& batch) : thread_([this, &batch] { loop(batch); }) {}
  ~Second() {
    tell(kEnd);
    thread_.join();
  }
  Second(const Second&) = delete;
  Second& operator=(const Second&) = delete;

  // Both batches at once, from when both threads are awake.
  Round run_beside(Batch& own) {
    tell(kGo);
    await(kAwake);
    state_.store(kRunning, std::memory_order_release);
    const Taken taken = run_timed(own);
    await(kDone);
    return round_of({taken, taken_});
  }
  [[nodiscard]] bool pinned() const { return pinned_.load(); }

 private:
  enum State : int { kIdle, kGo, kAwake, kRunning, kDone, kEnd };

  void tell(State what) {
    state_.store(what, std::memory_order_release);
    state_.notify_one();
  }
  void await(State what) {
    while (state_.load(std::memory_order_acquire) != what) __builtin_ia32_pause();
  }
  void loop(Batch& batch) {
    const Pinned pin(1);
    pinned_ = pin.done();
    for (int seen = kIdle;; seen = kDone) {
      state_.wait(seen, std::memory_order_acquire);
      if (state_.load(std::memory_order_acquire) == kEnd) return;
      state_.store(kAwake, std::memory_order_release);
      await(kRunning);
      taken_ = run_timed(batch);
      state_.store(kDone, std::memory_order_release);
    }
  }

  std::atomic<int> state_{kIdle};
  std::atomic<bool> pinned_{true};
  Taken taken_;  // written before kDone, read after it
  std::thread thread_;
};

// Rounds of one kind.
class Rounds {
 public:
  void add(const Round& round) { (round.undisturbed ? undisturbed_ : disturbed_).push_back(round.ns); }
  [[nodiscard]] size_t undisturbed() const { return undisturbed_.size(); }
  // The median of those that were undisturbed, or of all if none was. REQUIRES: there was one
  [[nodiscard]] double middle_ns() {
    std::vector<uint64_t>& times = undisturbed_.empty() ? disturbed_ : undisturbed_;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return static_cast<double>(*middle);
  }

 private:
  std::vector<uint64_t> undisturbed_, disturbed_;
};

// Null, or why the case failed. run  runs the batches and returns their round
template <typename Run>
const char* run_batches(World& world, Rounds& rounds, std::span<Batch* const> batches, Run run) {
  for (Batch* batch : batches) batch->prepare({&kKnown, 1});
  const uint64_t misses = world.misses();
  const Round round = run();
  world.pass(round.ns);
  rounds.add(round);
  for (Batch* batch : batches)
    if (const char* const problem = batch->check()) return problem;
  return world.misses() == misses ? nullptr : "a known flow was missed";
}

void run(benchmark::State& state, const Setup& setup) {
  const Pinned pin(0);
  World& world = World::shared(setup);
  world.trace(false);
  Second second(world.batch(1));
  const std::array<Batch*, kWorkers> both{&world.batch(0), &world.batch(1)};
  Rounds alone, together;
  for (auto _ : state) {
    for (Batch* const& one : both)
      if (const char* const problem =
              run_batches(world, alone, {&one, 1}, [one] { return round_of({run_timed(*one)}); }))
        return fail_case(state, problem);
    Round round;
    const auto run_both = [&] { return round = second.run_beside(*both[0]); };
    if (const char* const problem = run_batches(world, together, both, run_both))
      return fail_case(state, problem);
    state.SetIterationTime(static_cast<double>(round.ns) * 1e-9);
  }
  const double one_ns = alone.middle_ns() / Batch::kFrames;
  const double both_ns = together.middle_ns() / (kWorkers * Batch::kFrames);
  state.counters["ns_per_packet"] = both_ns;
  state.counters["ns_alone"] = one_ns;
  if (together.undisturbed() > 0 && alone.undisturbed() > 0) state.counters["ratio"] = one_ns / both_ns;
  state.counters["undisturbed"] = static_cast<double>(together.undisturbed());
  state.counters["misses"] = 0;
  state.SetLabel(world.backing() + (pin.done() && second.pinned() ? "" : ", on less than two processors"));
}

}  // namespace

void register_workers_cases(const Scale& scale) {
  for (const uint64_t flows : scale.flows) {
    if (flows == 1) continue;
    Setup setup;
    setup.services = {{lb::Forward::kNat, lb::Protocol::kUdp, lb::Affinity::kTuple, flows}};
    setup.huge = scale.huge;
    setup.workers = kWorkers;
    add_case("pipeline/nat_v4_hit_2_workers/" + std::to_string(flows),
             [setup](benchmark::State& state) { run(state, setup); });
  }
}

}  // namespace bench
