// SPDX-License-Identifier: MIT
// Letters of ASCII, whatever their case: names of hosts (RFC 4343) and of HTTP's fields (RFC 9110 section 5.1).
#pragma once

#include <algorithm>
#include <string_view>

namespace lb {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

constexpr bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace lb
