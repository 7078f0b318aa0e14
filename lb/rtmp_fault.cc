// SPDX-License-Identifier: MIT
#include "lb/rtmp_fault.h"

#include <array>

namespace lb {
namespace {

constexpr auto kCount = static_cast<size_t>(RtmpFault::kCount);
constexpr std::array<std::string_view, kCount> kNames = {
#define X(id, name, text) name,
    CLEAT_RTMP_FAULTS(X)
#undef X
};
constexpr std::array<std::string_view, kCount> kTexts = {
#define X(id, name, text) text,
    CLEAT_RTMP_FAULTS(X)
#undef X
};

}  // namespace

std::string_view rtmp_fault_name(RtmpFault fault) noexcept { return kNames[static_cast<size_t>(fault)]; }
std::string_view rtmp_fault_text(RtmpFault fault) noexcept { return kTexts[static_cast<size_t>(fault)]; }

}  // namespace lb
