// SPDX-License-Identifier: MIT
// The dataplane's time: milliseconds of CLOCK_BOOTTIME, which goes on while the machine sleeps and the process restarts.
#pragma once

#include <time.h>

#include "lb/time.h"

namespace dataplane {

// cost  some 25 ns by the vDSO; read once a poll
inline lb::Now boot_time() noexcept {
  timespec t;
  ::clock_gettime(CLOCK_BOOTTIME, &t);
  return {static_cast<uint64_t>(t.tv_sec) * 1000 + static_cast<uint64_t>(t.tv_nsec) / 1'000'000};
}

}  // namespace dataplane
