// SPDX-License-Identifier: MIT
#include "control/nearest.h"

#include <algorithm>
#include <array>

namespace control {
namespace {

constexpr size_t kMaxLetters = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance.
size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<size_t, kMaxLetters + 1>, kMaxLetters + 1> d;
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = d[i - 1][j - 1] + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  size_t fewest = kMaxLetters;
  if (word.empty() || word.size() > kMaxLetters) return best;
  for (const std::string& candidate : known) {
    if (candidate.size() > kMaxLetters) continue;
    const size_t edits = distance(word, candidate);
    if (edits > (std::max(word.size(), candidate.size()) + 2) / 3 || edits >= fewest) continue;
    fewest = edits;
    best = candidate;
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (const std::string near = nearest(word, known); !near.empty()) return "did you mean " + near + "?";
  if (known.empty()) return "none is known";
  std::string list;
  for (size_t i = 0; i < known.size(); ++i) {
    if (i > 0) list += i + 1 == known.size() ? " and " : ", ";
    list += known[i];
  }
  return list + (known.size() == 1 ? " is known" : " are known");
}

}  // namespace control
