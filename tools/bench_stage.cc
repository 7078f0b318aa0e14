// SPDX-License-Identifier: MIT
// One stage at a time, in the cache state that the stages before it leave: all of them run, one is timed.
#include <chrono>
#include <string>

#include "lb/affinity.h"
#include "lb/classify.h"
#include "lb/classify_fast.h"
#include "lb/forward.h"
#include "lb/forward_fast.h"
#include "lb/open_flow.h"
#include "lb/parse.h"
#include "lb/parse_fast.h"
#include "lb/pick.h"
#include "tools/bench_batch.h"
#include "tools/bench_case.h"
#include "tools/bench_cases.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

enum class Stage : uint8_t { kParse, kClassify, kAffinity, kOpen, kForward };
struct Case {
  const char* name;
  Stage stage;
};
// `open` picks a backend, takes a slot and enters the flow: new clients only. The others see known flows.
constexpr Case kCases[] = {{"parse", Stage::kParse},
                           {"classify", Stage::kClassify},
                           {"affinity", Stage::kAffinity},
                           {"open", Stage::kOpen},
                           {"forward", Stage::kForward}};

class Stopwatch {
 public:
  explicit Stopwatch(Stage wanted) : wanted_(wanted) {}
  template <typename Each>
  void time(Stage stage, unsigned count, Each each) {
    const auto begin = stage == wanted_ ? Clock::now() : Clock::time_point{};
    for (unsigned i = 0; i < count; ++i) each(i);
    if (stage == wanted_)
      elapsed_ += static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - begin).count());
  }
  [[nodiscard]] uint64_t elapsed() const { return elapsed_; }

 private:
  Stage wanted_;
  uint64_t elapsed_ = 0;
};

void run_burst(World& world, Stopwatch& watch) {
  lb::Worker& worker = world.batch().worker();
  const lb::Snapshot& snapshot = world.snapshot();
  const lb::Now now = world.now();
  lb::RecentService recent;
  lb::Burst& b = world.batch().burst();
  watch.time(Stage::kParse, b.count, [&](unsigned i) {
    b.verdicts[i] = {};
    if (lb::parse_fast(b.frames[i], b.packets[i])) return;
    if (const auto reason = lb::parse(b.frames[i], b.packets[i]))
      worker.drop(b.packets[i], b.verdicts[i], *reason);
  });
  watch.time(Stage::kClassify, b.count, [&](unsigned i) {
    if (!lb::classify_fast(worker, snapshot, recent, b.packets[i]))
      lb::classify(worker, snapshot, now, b.packets[i], b.verdicts[i]);
  });
  watch.time(Stage::kAffinity, b.count,
             [&](unsigned i) { lb::find_flow(worker, snapshot, now, b.packets[i]); });
  watch.time(Stage::kOpen, b.count, [&](unsigned i) {
    lb::Packet& packet = b.packets[i];
    if (!packet.hit)
      lb::open_flow(worker, snapshot, now, packet, b.verdicts[i], lb::pick_hash(snapshot, packet));
  });
  watch.time(Stage::kForward, b.count, [&](unsigned i) {
    if (!lb::forward_client_fast(worker, snapshot, now, b.frames[i], b.packets[i], b.verdicts[i]))
      lb::forward_client(worker, snapshot, now, b.frames[i], b.packets[i], b.verdicts[i]);
  });
}

Setup setup_of(uint64_t flows, bool huge) {
  Setup setup;
  setup.services = {{lb::Forward::kNat, lb::Protocol::kUdp, lb::Affinity::kTuple, flows}};
  setup.huge = huge;
  return setup;
}

void run(benchmark::State& state, const Case& what, uint64_t flows, bool huge) {
  World& world = World::shared(setup_of(flows, huge));
  Batch& batch = world.batch();
  world.trace(false);
  if (what.stage == Stage::kOpen) world.touch();
  batch.worker().slots.follow(world.snapshot());
  const Part part{1, what.stage == Stage::kOpen ? Traffic::kNew : Traffic::kClients};
  uint64_t elapsed = 0, packets = 0;
  for (auto _ : state) {
    batch.prepare({&part, 1});
    Stopwatch watch(what.stage);
    for (unsigned first = 0; first < Batch::kFrames; first += lb::kMaxBurst) {
      batch.load(first, lb::kMaxBurst);
      run_burst(world, watch);
      batch.unload(first);
    }
    elapsed += watch.elapsed();
    packets += Batch::kFrames;
    state.SetIterationTime(static_cast<double>(watch.elapsed()) * 1e-9);
    if (const char* const problem = batch.check()) return fail_case(state, problem);
    batch.settle();
  }
  state.counters["ns_per_packet"] = static_cast<double>(elapsed) / static_cast<double>(packets);
  state.SetLabel(world.backing());
}

// Picking alone, on a pool of eight backends; there is no flow table in it.
void run_pick(benchmark::State& state, lb::PickMethod method) {
  World& world = World::shared(setup_of(1, false));
  const auto snapshot = world.compile_with(method);
  uint64_t hash = 1, nobody = 0;
  for (auto _ : state) {
    hash = hash * 0x9e3779b97f4a7c15ULL + 1;
    nobody += lb::pick(world.batch().worker(), *snapshot, 0, hash) ? 0 : 1;
  }
  if (nobody != 0) return fail_case(state, "a pick found nobody");
  state.counters["ns_per_packet"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace

void register_stage_cases(const Scale& scale) {
  for (const Case& what : kCases)
    for (const uint64_t count : scale.flows)
      add_case("stage/" + std::string(what.name) + "/" + std::to_string(count),
               [&what, count, huge = scale.huge](benchmark::State& state) { run(state, what, count, huge); });
  const std::pair<const char*, lb::PickMethod> methods[] = {{"maglev", lb::PickMethod::kMaglev},
                                                            {"wrr", lb::PickMethod::kWrr},
                                                            {"least_load", lb::PickMethod::kLeastLoad}};
  for (const auto& [name, method] : methods)
    benchmark::RegisterBenchmark(("stage/pick_" + std::string(name) + "/1").c_str(),
                                 [method = method](benchmark::State& state) { run_pick(state, method); });
}

}  // namespace bench
