// SPDX-License-Identifier: MIT
// What the control thread pays for a snapshot: a pool of many backends anew, and beside others when one weight changed. Nothing of it is
// on the packet's way.
#include <memory>

#include "lb/compile.h"
#include "tools/bench_case.h"
#include "tools/bench_cases.h"
#include "tools/bench_memory.h"

namespace bench {
namespace {

constexpr lb::Now kNow{1'000'000};

lb::IpAddress address_of(unsigned pool, unsigned backend) {
  return lb::IpAddress::v4(lb::be32::of(0x0a140000U + (pool << 12) + 10 + backend));
}

// Services on one VIP, a pool each.
lb::SnapshotSpec spec_of(unsigned pools, unsigned backends) {
  lb::SnapshotSpec spec;
  lb::PortSpec port;
  port.name = "inside";
  port.addresses = {*lb::Prefix::parse("10.20.0.2/16")};
  spec.ports = {port};
  spec.lips = {*lb::IpAddress::parse("10.20.255.1")};
  for (unsigned n = 0; n < pools; ++n) {
    lb::PoolSpec pool;
    pool.name = "pool" + std::to_string(n);
    for (unsigned i = 0; i < backends; ++i) pool.backends.push_back({address_of(n, i), 0, 100});
    spec.pools.push_back(pool);
    lb::ServiceSpec service;
    service.name = "service" + std::to_string(n);
    service.vip = *lb::IpAddress::parse("10.20.255.2");
    service.protocol = lb::Protocol::kUdp;
    service.port_first = service.port_last = static_cast<uint16_t>(8000 + n);
    service.pool = pool.name;
    spec.services.push_back(service);
  }
  return spec;
}

void say_cost(benchmark::State& state, uint64_t elapsed_ns) {
  state.counters["ms_per_snapshot"] =
      static_cast<double>(elapsed_ns) * 1e-6 / static_cast<double>(state.iterations());
}

// other_pools  that stay as they are from one snapshot to the next
void run(benchmark::State& state, unsigned other_pools, unsigned backends) {
  const lb::SegmentGeometry geometry{.flows_v4 = 1024, .flows_wide = 1024, .lips = 1};
  const Memory memory(geometry.bytes(), false);
  lb::Segment segment = lb::Segment::format(memory.bytes(), geometry, 42, kNow).value();
  lb::SnapshotSpec spec = spec_of(1 + other_pools, backends);
  std::unique_ptr<const lb::Snapshot> snapshot;
  uint64_t generation = 0, elapsed = 0;
  const auto compile = [&] {
    auto next = lb::compile(spec, segment, ++generation, kNow, {}, snapshot.get());
    if (!next) return fail_case(state, next.error().c_str());
    snapshot = std::move(next).value();
  };
  compile();
  for (auto _ : state) {
    uint32_t& weight = spec.pools[0].backends[generation % backends].weight;
    weight = weight == 100 ? 50 : 100;
    const uint64_t took = time(CLOCK_THREAD_CPUTIME_ID, compile);
    elapsed += took;
    state.SetIterationTime(static_cast<double>(took) * 1e-9);
    if (snapshot->pools[0].table.size() < size_t{100} * backends)
      return fail_case(state, "the table is smaller than 100 places a backend");
  }
  say_cost(state, elapsed);
}

// How much of the table points elsewhere after one of so many backends is gone; a share of it is what it must.
void run_removal(benchmark::State& state, unsigned backends) {
  const lb::SegmentGeometry geometry{.flows_v4 = 1024, .flows_wide = 1024, .lips = 1};
  const Memory memory(geometry.bytes(), false);
  lb::Segment segment = lb::Segment::format(memory.bytes(), geometry, 42, kNow).value();
  lb::SnapshotSpec spec = spec_of(1, backends);
  const auto before = lb::compile(spec, segment, 1, kNow, {}, nullptr);
  spec.pools[0].backends.erase(spec.pools[0].backends.begin() + backends / 2);
  uint64_t generation = 1, elapsed = 0, moved = 0, places = 0;
  for (auto _ : state) {
    lb::Result<std::unique_ptr<const lb::Snapshot>> after = lb::Error{"not compiled"};
    const auto compile = [&] {
      after = lb::compile(spec, segment, ++generation, kNow, {}, before.value().get());
    };
    const uint64_t took = time(CLOCK_THREAD_CPUTIME_ID, compile);
    elapsed += took;
    state.SetIterationTime(static_cast<double>(took) * 1e-9);
    if (!after) return fail_case(state, after.error().c_str());
    const auto &old_table = before.value()->pools[0].table, &new_table = after.value()->pools[0].table;
    if (old_table.size() != new_table.size()) return fail_case(state, "the table has another size");
    moved = 0;
    places = new_table.size();
    for (size_t i = 0; i < places; ++i) moved += old_table[i] != new_table[i] ? 1 : 0;
  }
  say_cost(state, elapsed);
  state.counters["moved_percent"] = 100.0 * static_cast<double>(moved) / static_cast<double>(places);
  state.counters["share_percent"] = 100.0 / backends;
}

}  // namespace

void register_compile_cases() {
  for (const unsigned backends : {10U, 100U, 1000U}) {
    add_case("compile/one_pool/" + std::to_string(backends),
             [backends](benchmark::State& state) { run(state, 0, backends); });
  }
  add_case("compile/one_pool_of_four/1000", [](benchmark::State& state) { run(state, 3, 1000); });
  for (const unsigned backends : {10U, 100U, 1000U}) {
    add_case("compile/one_removed/" + std::to_string(backends),
             [backends](benchmark::State& state) { run_removal(state, backends); });
  }
}

}  // namespace bench
