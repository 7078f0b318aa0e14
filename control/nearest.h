// SPDX-License-Identifier: MIT
// The word that was probably meant: for messages about unknown keys, pools and values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace control {

// The word of `known` that is fewest edits away (insert, delete, replace, swap of neighbours), if those are
// at most a third of the longer word's letters, rounded up; else "". The first of equals. Case does not
// count. cost  letters x letters x words; words over 64 letters are never near
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// "did you mean rtmp?", or "rtmp, rtc and srt are known" where none is near.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace control
