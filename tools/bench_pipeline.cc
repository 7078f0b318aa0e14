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
  Traffic traffic;
  Payload payload = Payload::kPlain;
  bool traced = false;  // a trace runs that wants none of them
};
constexpr Case kCases[] = {{"nat_v4_hit", Kind::kNatV4, Traffic::kClients},
                           {"nat_v4_hit_traced", Kind::kNatV4, Traffic::kClients, Payload::kPlain, true},
                           {"nat_v4_reply", Kind::kNatV4, Traffic::kReplies},
                           {"nat_v4_reply_traced", Kind::kNatV4, Traffic::kReplies, Payload::kPlain, true},
                           {"nat_new_flow", Kind::kNatV4, Traffic::kNew},
                           {"nat_v6_hit", Kind::kNatV6, Traffic::kClients},
                           {"dsr_v4_hit", Kind::kDsrV4, Traffic::kClients}};
constexpr Case kIceCases[] = {{"stun_known", Kind::kIceV4, Traffic::kClients, Payload::kCheck},
                              {"stun_unknown_hash", Kind::kIceV4, Traffic::kNew, Payload::kCheck},
                              {"srtp_hit", Kind::kIceV4, Traffic::kClients, Payload::kRtp},
                              {"srtp_reply", Kind::kIceV4, Traffic::kReplies, Payload::kRtp},
                              {"srtcp_hit", Kind::kIceV4, Traffic::kClients, Payload::kSrtcp},
                              {"ssrc_bridge", Kind::kIceV4, Traffic::kMoved, Payload::kRtp},
                              {"unknown", Kind::kIceV4, Traffic::kNobody, Payload::kRtp}};

// Between batches of clients that moved, so that they stay within lb/roamers.h's budgets of a second.
constexpr uint64_t kBudgetNs = 200'000'000;

template <typename Work>
uint64_t time(Work work) {
  const auto begin = Clock::now();
  work();
  return static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - begin).count());
}

void run_batch(World& world) {
  for (unsigned burst = 0; burst < World::kBursts; ++burst) {
    world.load(burst);
    lb::process(world.worker(), world.snapshot(), world.now(), world.burst());
    world.unload(burst);
    lb::housekeep(world.worker(), world.snapshot(), world.now());
  }
}

void run(benchmark::State& state, const Case& what, uint64_t flows, bool huge) {
  World& world = World::shared(what.kind, flows, huge);
  world.trace(what.traced);
  const uint64_t misses = world.misses();
  const bool unknown = what.traffic == Traffic::kNew || what.traffic == Traffic::kNobody;
  uint64_t elapsed = 0, packets = 0;
  for (auto _ : state) {
    world.prepare(what.traffic, what.payload);
    uint64_t batch = time([&world] { run_batch(world); });
    world.pass(batch + (what.traffic == Traffic::kMoved ? kBudgetNs : 0));
    if (!world.check()) return state.SkipWithError("a packet did not go where its flow demands");
    if (what.traffic == Traffic::kNew) {
      const uint64_t closing = time([&world] { world.close_new(); });
      if (what.kind == Kind::kIceV4) batch += closing;  // a session has more to undo than a flow
    }
    elapsed += batch;
    packets += World::kBatch;
    state.SetIterationTime(static_cast<double>(batch) * 1e-9);
  }
  const uint64_t missed = world.misses() - misses - (unknown ? packets : 0);
  if (missed != 0) return state.SkipWithError("a known flow was missed");
  state.counters["ns_per_packet"] = static_cast<double>(elapsed) / static_cast<double>(packets);
  state.counters["misses"] = static_cast<double>(missed);
  state.SetLabel(world.backing());
}

void add(const char* group, const Case& what, uint64_t flows, bool huge) {
  const std::string name = std::string(group) + "/" + what.name + "/" + std::to_string(flows);
  benchmark::RegisterBenchmark(
      name.c_str(), [&what, flows, huge](benchmark::State& state) { run(state, what, flows, huge); })
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

void register_pipeline_cases(std::span<const uint64_t> flows, bool huge) {
  for (const Case& what : kCases)
    for (const uint64_t count : flows) add("pipeline", what, count, huge);
  for (const uint64_t count : {uint64_t{1024}, uint64_t{65536}})
    for (const Case& what : kIceCases) add("ice", what, count, huge);
}

}  // namespace bench
