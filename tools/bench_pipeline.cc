// SPDX-License-Identifier: MIT
// The packet's whole way, and the housekeeping that goes with it, as dataplane's worker loop runs them.
#include <algorithm>

#include "tools/bench_batch.h"
#include "tools/bench_case.h"
#include "tools/bench_cases.h"

namespace bench {
namespace {

// Between batches of clients that moved, so that they stay within lb/roamers.h's budgets of a second.
constexpr uint64_t kBudgetNs = 200'000'000;
constexpr uint64_t kSwapNs = 100'000'000;
constexpr clockid_t kClock = CLOCK_THREAD_CPUTIME_ID;  // a worker owns its processor

bool has(const PipelineCase& what, Traffic traffic) {
  return std::any_of(what.mix.begin(), what.mix.end(), [=](const Part& p) { return p.traffic == traffic; });
}

struct Sums {
  uint64_t elapsed_ns = 0, packets = 0, unknown = 0, untracked = 0, swaps = 0, swapped_ns = 0;
};

// Half of the batch, another snapshot, the other half.
void run_with_swap(World& world, Batch& batch, const PipelineCase& what) {
  batch.run(what.burst, 0, Batch::kFrames / 2);
  world.swap();
  batch.run(what.burst, Batch::kFrames / 2, Batch::kFrames / 2);
}

// Null, or why the case failed.
const char* run_batch(World& world, const PipelineCase& what, Sums& sums, uint64_t& elapsed) {
  Batch& batch = world.batch();
  batch.prepare(what.mix);
  const uint64_t misses = world.misses();
  const bool swaps = what.swaps && (sums.swaps == 0 || sums.elapsed_ns - sums.swapped_ns >= kSwapNs);
  if (swaps) {
    world.prepare_swap();
    elapsed = time(kClock, [&] { run_with_swap(world, batch, what); });
    sums.swapped_ns = sums.elapsed_ns;
    ++sums.swaps;
  } else {
    elapsed = time(kClock, [&] { batch.run(what.burst); });
  }
  world.pass(elapsed + (has(what, Traffic::kMoved) ? kBudgetNs : 0));
  if (const char* const problem = batch.check()) return problem;
  if (world.misses() - misses != batch.unknown()) return "a known flow was missed";
  const uint64_t closing = time(kClock, [&] { batch.settle(); });
  // A session has more to undo than a flow, and its end is in the figure.
  if (what.setup.services[0].affinity == lb::Affinity::kIce && has(what, Traffic::kNew)) elapsed += closing;
  sums.elapsed_ns += elapsed;
  sums.packets += Batch::kFrames;
  sums.unknown += batch.unknown();
  sums.untracked += batch.untracked();
  return nullptr;
}

void report(benchmark::State& state, const World& world, const PipelineCase& what, const Sums& sums) {
  const auto share = [](uint64_t part, uint64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  state.counters["ns_per_packet"] = share(sums.elapsed_ns, sums.packets);
  state.counters["misses"] = 0;
  if (what.swaps) state.counters["swaps"] = static_cast<double>(sums.swaps);
  if (what.setup.until_full) state.counters["untracked"] = share(sums.untracked, sums.unknown);
  if (what.setup.entries != 0 && !what.setup.until_full) {
    state.counters["untracked"] = share(world.refused(), world.asked());
    state.counters["bytes_per_flow"] =
        share(what.setup.entries * sizeof(lb::NarrowTable::Entry), what.setup.flows());
  }
  state.SetLabel(world.backing());
}

void run(benchmark::State& state, const PipelineCase& what) {
  World& world = World::shared(what.setup);
  world.trace(what.traced);
  if (has(what, Traffic::kNew)) world.touch();
  Sums sums;
  for (auto _ : state) {
    uint64_t elapsed = 0;
    if (const char* const problem = run_batch(world, what, sums, elapsed)) return fail_case(state, problem);
    state.SetIterationTime(static_cast<double>(elapsed) * 1e-9);
  }
  report(state, world, what, sums);
}

}  // namespace

void register_pipeline_cases(const Scale& scale) {
  for (const auto& cases : {hit_cases(scale), quic_cases(scale), load_cases(scale), mix_cases(scale),
                            ice_cases(scale), scale_cases(scale)})
    for (const PipelineCase& what : cases)
      add_case(what.name, [what](benchmark::State& state) { run(state, what); });
}

}  // namespace bench
