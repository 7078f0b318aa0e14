// SPDX-License-Identifier: MIT
// Time as lb sees it: an argument, never a clock. The state segment keeps 16-bit ticks of CLOCK_BOOTTIME.
#pragma once

#include <cstdint>

namespace lb {

inline constexpr uint32_t kTickMs = 250;
inline constexpr uint32_t kTicksPerSecond = 1000 / kTickMs;

// Longest time-out that a 16-bit tick can tell from a fresh one, with room for sweeps: four hours.
inline constexpr uint32_t kMaxTimeoutS = 4 * 3600;

using Tick = uint16_t;

// Milliseconds of CLOCK_BOOTTIME, as the caller read them once for a burst.
struct Now {
  uint64_t ms = 0;
  [[nodiscard]] constexpr Tick tick() const { return static_cast<Tick>(ms / kTickMs); }
};

// Ticks since `then`, modulo 2^16; a `then` up to 256 ticks
// (64 s) ahead (another worker's fresher clock) is 0.
constexpr uint16_t ticks_since(Tick now, Tick then) {
  const auto age = static_cast<uint16_t>(now - then);
  return age > 65535 - 256 ? uint16_t{0} : age;
}

constexpr uint16_t ticks_of_s(uint32_t seconds) { return static_cast<uint16_t>(seconds * kTicksPerSecond); }

}  // namespace lb
