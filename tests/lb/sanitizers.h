// SPDX-License-Identifier: MIT
// Stress tests run fewer rounds where a sanitizer makes each of them ten to twenty times as long.
#pragma once

#include <cstdint>

namespace lb::test {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr uint64_t kSlowdown = 15;
#else
inline constexpr uint64_t kSlowdown = 1;
#endif

constexpr uint64_t rounds(uint64_t at_full_speed) { return at_full_speed / kSlowdown; }

}  // namespace lb::test
