// SPDX-License-Identifier: MIT
// Is it UTF-8 (RFC 3629)?
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace control {

// Where the first byte stands that begins no character of UTF-8: surrogates, what is beyond U+10FFFF and
// what is longer than it need be are none. nullopt: all of `text` is UTF-8.
std::optional<size_t> first_not_utf8(std::string_view text);

}  // namespace control
