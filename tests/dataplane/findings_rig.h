// SPDX-License-Identifier: MIT
// Finds a finding by some of its words; a test fails if there is none, or more than one.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dataplane/finding.h"

namespace dataplane::test {

inline bool has(const std::vector<Finding>& findings, const std::string& words) {
  return std::ranges::any_of(findings,
                             [&](const Finding& f) { return f.what.find(words) != std::string::npos; });
}

inline Finding one_of(const std::vector<Finding>& findings, const std::string& words) {
  std::vector<Finding> fitting;
  std::string all;
  for (const Finding& f : findings) {
    all += one_line(f) + "\n";
    if (f.what.find(words) != std::string::npos) fitting.push_back(f);
  }
  EXPECT_EQ(fitting.size(), 1U) << "with \"" << words << "\" of:\n" << all;
  return fitting.size() == 1 ? fitting.front() : Finding{};
}
inline std::string command_of(const std::vector<Finding>& findings, const std::string& words) {
  return one_of(findings, words).command;
}
inline std::string setting_of(const std::vector<Finding>& findings, const std::string& words) {
  return one_of(findings, words).setting;
}

}  // namespace dataplane::test
