// SPDX-License-Identifier: MIT
// The stages of a packet's way, as statistics name them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lb {

// In the order of the way; rx and tx are the caller's (lb/pipeline.h). A burst is parsed and classified in one pass, as it is led to
// its flows or, by pick, to new ones.
enum class Stage : uint8_t { kRx, kClassify, kAffinity, kForward, kTx };

inline constexpr std::array<std::string_view, 5> kStageNames = {"rx", "classify", "affinity", "forward",
                                                                "tx"};

}  // namespace lb
