// SPDX-License-Identifier: MIT
// Octets as hexadecimal digits: keys and server ids in configuration, options and output.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace control {

// Digits of either case, an even number of them, nothing between. nullopt: anything else. "" is no octet.
std::optional<std::vector<uint8_t>> from_hex(std::string_view text);
// Lower case.
std::string to_hex(std::span<const uint8_t> octets);

}  // namespace control
