// SPDX-License-Identifier: MIT
// When most of a pool is down, the fault is likelier with the checks, the network between, or something that all servers
// share, than with that many servers; and the few that are left could not carry what all did. Then health is ignored.
// (Envoy calls this its panic threshold.)
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "control/config.h"

namespace control {

// "auto" is more than half for pools of this size at least. In a smaller one more than half are but a few machines, which
// do die together (one rack, one host, one bad upgrade): there only all of them are too many to be true.
inline constexpr size_t kPanicByShareFrom = 8;

// eligible  backends of the pool that would take new sessions if all were healthy
// down      those of them whose checks fail, 0..eligible
// returns   true if more than the threshold's share of them are down, or all; never for a threshold of 0
bool is_panic(const PanicThreshold& threshold, size_t eligible, size_t down);

// "auto", "50%"; "0" is taken, too. nullopt: anything else, or more than 100.
std::optional<PanicThreshold> parse_panic_threshold(std::string_view text);
std::string panic_threshold_text(const PanicThreshold& threshold);

}  // namespace control
