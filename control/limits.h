// SPDX-License-Identifier: MIT
// Limits that the configuration, the overrides and the API share.
#pragma once

#include <cstdint>

namespace control {

inline constexpr uint32_t kMaxWeight = 10'000;  // of an operator or of the file

}  // namespace control
