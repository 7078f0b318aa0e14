// SPDX-License-Identifier: MIT
// Durations as the configuration and the tables write them: a whole number and its unit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace control {

// "500ms", "1s", "2m", "3h" in milliseconds. nullopt: a sign, a fraction, no unit or another one, or more
// than 10^15 ms.
std::optional<uint64_t> parse_duration_ms(std::string_view text);

// The largest unit that says it exactly: 1500 -> "1500ms", 120,000 -> "2m", 0 -> "0s".
std::string duration_text(uint64_t value_ms);

}  // namespace control
