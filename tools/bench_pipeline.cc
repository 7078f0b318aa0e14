// SPDX-License-Identifier: MIT
// The packet's whole way, and the housekeeping that goes with it, as dataplane's worker loop runs them.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "tools/bench_cases.h"
#include "tools/bench_world.h"

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Case {
  const char* name;
  Kind kind;
  enum Traffic : uint8_t { kClients, kReplies, kNewFlows } traffic;
};
constexpr Case kCases[] = {{"nat_v4_hit", Kind::kNatV4, Case::kClients},
                           {"nat_v4_reply", Kind::kNatV4, Case::kReplies},
                           {"nat_new_flow", Kind::kNatV4, Case::kNewFlows},
                           {"nat_v6_hit", Kind::kNatV6, Case::kClients},
                           {"dsr_v4_hit", Kind::kDsrV4, Case::kClients}};

uint64_t run_batch(World& world) {
  const auto begin = Clock::now();
  for (unsigned burst = 0; burst < World::kBursts; ++burst) {
    world.load(burst);
    lb::process(world.worker(), world.snapshot(), world.now(), world.burst());
    world.unload(burst);
    lb::housekeep(world.worker(), world.snapshot(), world.now());
  }
  return static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - begin).count());
}

void run(benchmark::State& state, const Case& what, uint64_t flows, bool huge) {
  World& world = World::shared(what.kind, flows, huge);
  const uint64_t misses = world.misses();
  uint64_t elapsed = 0, packets = 0;
  for (auto _ : state) {
    if (what.traffic == Case::kNewFlows)
      world.prepare_new();
    else
      world.prepare_known(what.traffic == Case::kReplies);
    const uint64_t batch = run_batch(world);
    world.pass(batch);
    elapsed += batch;
    packets += World::kBatch;
    state.SetIterationTime(static_cast<double>(batch) * 1e-9);
    const bool right = what.traffic == Case::kNewFlows ? world.close_new()
                                                       : world.check_known(what.traffic == Case::kReplies);
    if (!right) return state.SkipWithError("a packet did not go where its flow demands");
  }
  const uint64_t missed = world.misses() - misses - (what.traffic == Case::kNewFlows ? packets : 0);
  if (missed != 0) return state.SkipWithError("a known flow was missed");
  state.counters["ns_per_packet"] = static_cast<double>(elapsed) / static_cast<double>(packets);
  state.counters["misses"] = static_cast<double>(missed);
  state.SetLabel(world.backing());
}

}  // namespace

void register_pipeline_cases(std::span<const uint64_t> flows, bool huge) {
  for (const Case& what : kCases)
    for (const uint64_t count : flows)
      benchmark::RegisterBenchmark(
          ("pipeline/" + std::string(what.name) + "/" + std::to_string(count)).c_str(),
          [&what, count, huge](benchmark::State& state) { run(state, what, count, huge); })
          ->UseManualTime()
          ->Unit(benchmark::kMicrosecond);
}

}  // namespace bench
