// SPDX-License-Identifier: MIT
// What the cases of cleat-bench share: their registration, their figures, and whether one of them failed.
#pragma once

#include <benchmark/benchmark.h>

#include <time.h>

#include <cstdint>
#include <string>
#include <utility>

namespace bench {

// Nanoseconds. clock  CLOCK_MONOTONIC; or CLOCK_THREAD_CPUTIME_ID: without the time in which other programs had the processor,
//                     some 200 ns a reading
inline uint64_t now_ns(clockid_t clock) {
  timespec now;
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}
template <typename Work>
uint64_t time(clockid_t clock, Work work) {
  const uint64_t begin = now_ns(clock);
  work();
  return now_ns(clock) - begin;
}

// The case is over, and the program will exit with 1.
void fail_case(benchmark::State& state, const char* why);
[[nodiscard]] bool any_case_failed();

// Timed by the case itself, with State::SetIterationTime().
template <typename Run>
void add_case(const std::string& name, Run run) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(run))->UseManualTime()->Unit(benchmark::kMicrosecond);
}

}  // namespace bench
