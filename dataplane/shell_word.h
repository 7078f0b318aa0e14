// SPDX-License-Identifier: MIT
// Text as one word of a shell command: who names an interface, perhaps in a container, does not choose what an administrator
// runs.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace dataplane {

inline std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+,%=";
  if (!text.empty() &&
      std::ranges::all_of(text, [&](char c) { return kPlain.find(c) != std::string_view::npos; }))
    return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace dataplane
