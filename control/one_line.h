// SPDX-License-Identifier: MIT
// Messages are one line each, whatever they quote.
#pragma once

#include <string>

namespace control {

// Control characters become '?'.
inline std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

}  // namespace control
