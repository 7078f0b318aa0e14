// SPDX-License-Identifier: MIT
// The clock of the counted cleat-bench, in the place of the C library's: each reading is kStepNs after the one before. What
// is touched and swept depends on time, and so the same instructions run however slowly valgrind lets them.
#include <time.h>

namespace {

constexpr long kStepNs =
    200'000;  // between the two readings around a batch of 4,096 packets: about what it takes
constexpr long kStepsInSecond = 1'000'000'000 / kStepNs;
long steps = 0;

}  // namespace

// Any clock is this one. One thread.
extern "C" int clock_gettime(clockid_t /*clock*/, timespec* now) noexcept {
  ++steps;
  now->tv_sec = steps / kStepsInSecond;
  now->tv_nsec = steps % kStepsInSecond * kStepNs;
  return 0;
}
