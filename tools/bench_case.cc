// SPDX-License-Identifier: MIT
#include "tools/bench_case.h"

namespace bench {
namespace {

bool failed = false;

}  // namespace

void fail_case(benchmark::State& state, const char* why) {
  failed = true;
  state.SkipWithError(why);
}

bool any_case_failed() { return failed; }

}  // namespace bench
