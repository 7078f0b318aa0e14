// SPDX-License-Identifier: MIT
// The cases of cleat-bench, by name: pipeline/<case>/<flows>, ice/<case>/<sessions>, scale/<case>/<services or backends>,
// stage/<name>/<flows>, quic-lb/<encryption> and compile/<case>/<backends>.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/bench_mix.h"
#include "tools/bench_setup.h"

namespace bench {

// How much to measure on.
struct Scale {
  std::vector<uint64_t> flows;               // table sizes, ascending
  std::vector<unsigned> services, backends;  // numbers of them, ascending
  bool huge = false;                         // segment and frames on huge pages
  [[nodiscard]] uint64_t most() const { return flows.back(); }
  // That many, or as many as there are at most.
  [[nodiscard]] uint64_t upto(uint64_t count) const { return count < most() ? count : most(); }
};

// Of the whole pipeline.
struct PipelineCase {
  std::string name;
  Setup setup;
  std::vector<Part> mix;
  unsigned burst = lb::kMaxBurst;
  bool traced = false;  // a trace runs that wants none of them
  bool swaps = false;   // ten times a second another snapshot comes
};

std::vector<PipelineCase> hit_cases(const Scale& scale);
std::vector<PipelineCase> quic_cases(const Scale& scale);
std::vector<PipelineCase> ice_cases(const Scale& scale);
std::vector<PipelineCase> load_cases(const Scale& scale);
std::vector<PipelineCase> mix_cases(const Scale& scale);
std::vector<PipelineCase> scale_cases(const Scale& scale);

void register_pipeline_cases(const Scale& scale);
void register_workers_cases(const Scale& scale);
void register_stage_cases(const Scale& scale);
void register_quic_lb_cases();
void register_stun_cases();
void register_compile_cases();

}  // namespace bench
