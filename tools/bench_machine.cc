// SPDX-License-Identifier: MIT
#include "tools/bench_machine.h"

#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <string>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

// Of the better of several looks: one that the machine interrupted says too much. Rounded to 10 MHz, so that a machine has one.
uint64_t tsc_hz() {
  constexpr std::chrono::milliseconds kLook(5);
  uint64_t least = UINT64_MAX;
  for (unsigned look = 0; look < 4; ++look) {
    const auto begin = Clock::now();
    const uint64_t first = __rdtsc();
    while (Clock::now() - begin < kLook) __builtin_ia32_pause();
    const uint64_t ticks = __rdtsc() - first;
    const auto ns = static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - begin).count());
    least = std::min(least, ticks * 1'000'000'000 / ns);
  }
  return (least + 5'000'000) / 10'000'000 * 10'000'000;
}

std::string compiler() {
#ifdef __clang__
  return __VERSION__;
#else
  return std::string("gcc ") + __VERSION__;
#endif
}

}  // namespace

void describe_machine(const char* pages) {
  benchmark::AddCustomContext("cpu", cpu_model());
  benchmark::AddCustomContext("tsc_hz", std::to_string(tsc_hz()));
  benchmark::AddCustomContext("pages", pages);
  benchmark::AddCustomContext("compiler", compiler());
  benchmark::AddCustomContext("build_type", CLEAT_BUILD_TYPE);
  benchmark::AddCustomContext("version", CLEAT_VERSION);
}

}  // namespace bench
