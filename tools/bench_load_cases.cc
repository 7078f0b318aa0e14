// SPDX-License-Identifier: MIT
// Known flows in bursts of all sizes, while snapshots change, and in tables that are more or less full; new flows in a full one.
#include "tools/bench_cases.h"

namespace bench {
namespace {

Setup nat(const Scale& scale, uint64_t flows) {
  Setup setup;
  setup.services = {{lb::Forward::kNat, lb::Protocol::kUdp, lb::Affinity::kTuple, flows}};
  setup.huge = scale.huge;
  return setup;
}

std::string named(const std::string& name, uint64_t flows) {
  return "pipeline/" + name + "/" + std::to_string(flows);
}

void add_bursts(const Scale& scale, uint64_t flows, std::vector<PipelineCase>& cases) {
  for (const unsigned burst : {1U, 4U, 8U, 16U, 32U, 64U}) {
    PipelineCase what{named("nat_v4_hit_burst_" + std::to_string(burst), flows), nat(scale, flows), {{}}};
    what.burst = burst;
    cases.push_back(what);
  }
}

// entries  of the flow table
void add_loads(const Scale& scale, uint32_t entries, std::vector<PipelineCase>& cases) {
  for (const unsigned percent : {10U, 50U, 80U, 90U}) {
    Setup setup = nat(scale, uint64_t{entries} * percent / 100);
    setup.entries = entries;
    cases.push_back({named("nat_v4_hit_" + std::to_string(percent) + "_percent", entries), setup, {{}}});
  }
  Setup without_slots = nat(scale, uint64_t{entries} * 80 / 100);
  without_slots.services[0].forward = lb::Forward::kDsr;
  without_slots.entries = entries;
  cases.push_back({named("dsr_v4_hit_80_percent", entries), without_slots, {{}}});
  for (const auto& [mode, forward] :
       {std::pair{"nat", lb::Forward::kNat}, std::pair{"dsr", lb::Forward::kDsr}}) {
    Setup setup = nat(scale, 0);
    setup.services[0].forward = forward;
    setup.entries = entries;
    setup.until_full = true;
    cases.push_back({named(std::string(mode) + "_new_flow_full", entries), setup, {{1, Traffic::kNew}}});
  }
}

}  // namespace

std::vector<PipelineCase> load_cases(const Scale& scale) {
  std::vector<PipelineCase> cases;
  for (const uint64_t flows : scale.flows) {
    if (flows == 1) continue;
    add_bursts(scale, flows, cases);
    PipelineCase swapping{named("nat_v4_hit_swaps", flows), nat(scale, flows), {{}}};
    swapping.swaps = true;
    cases.push_back(swapping);
  }
  add_loads(scale, static_cast<uint32_t>(scale.most()), cases);
  return cases;
}

}  // namespace bench
