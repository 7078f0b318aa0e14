// SPDX-License-Identifier: MIT
// What every fuzz target includes. It runs under driver.cc (any compiler, in tools/test) and under libFuzzer (clang).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>

// One input. Returns 0; aborts when something does not hold.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

// What became of the inputs, for driver.cc: inputs that all end the same way prove little.
struct Tally {
  uint64_t taken = 0, refused = 0;
};
inline Tally tally;
inline void count(bool taken) { ++(taken ? tally.taken : tally.refused); }

// what  an invariant, said as a fact: "a drop has a reason"
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Runs the input in a World that goes on from the inputs before, and is made anew after so many: making one takes long.
template <typename World>
void run_in_a_world(const uint8_t* data, size_t size, unsigned inputs_per_world) {
  static std::unique_ptr<World> world;
  static unsigned inputs = 0;
  if (inputs++ % inputs_per_world == 0) {
    world.reset();
    world = std::make_unique<World>();
  }
  world->run({data, size});
}

}  // namespace fuzz
