// SPDX-License-Identifier: MIT
#include "lb/drop_reason.h"

#include <array>

namespace lb {
namespace {

constexpr std::array<std::string_view, kDropReasonCount> kNames = {
#define X(id, name, text) name,
    CLEAT_DROP_REASONS(X)
#undef X
};
constexpr std::array<std::string_view, kDropReasonCount> kTexts = {
#define X(id, name, text) text,
    CLEAT_DROP_REASONS(X)
#undef X
};

}  // namespace

std::string_view drop_reason_name(DropReason reason) { return kNames[static_cast<unsigned>(reason)]; }
std::string_view drop_reason_text(DropReason reason) { return kTexts[static_cast<unsigned>(reason)]; }

}  // namespace lb
