// SPDX-License-Identifier: MIT
// The cases of cleat-bench, by name: pipeline/<case>/<flows>, ice/<case>/<sessions>, stage/<name>/<flows> and quic-lb/<encryption>.
#pragma once

#include <cstdint>
#include <span>

namespace bench {

// flows  table sizes to measure at
// huge   segment and frames on huge pages
void register_pipeline_cases(std::span<const uint64_t> flows, bool huge);
void register_stage_cases(std::span<const uint64_t> flows, bool huge);
void register_quic_lb_cases();
void register_stun_cases();

}  // namespace bench
