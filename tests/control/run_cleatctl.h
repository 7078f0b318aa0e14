// SPDX-License-Identifier: MIT
// The real cleatctl (its path in $CLEATCTL), where there is no daemon.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace control::test {

struct Output {
  int code = -1;
  std::string text;  // of stdout and stderr
};

// words  as a shell takes them
inline Output run_cleatctl(const std::string& words) {
  const char* program = std::getenv("CLEATCTL");
  if (program == nullptr) return {-1, "CLEATCTL does not name the program"};
  const std::string command = "'" + std::string(program) + "' --socket /nowhere " + words + " 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {-1, "no shell"};
  Output ran;
  char part[512];
  while (std::fgets(part, sizeof(part), pipe) != nullptr) ran.text += part;
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

// It is refused as wrong usage, and says `wanted`.
inline void expect_usage(const std::string& words, const std::string& wanted) {
  const Output ran = run_cleatctl(words);
  EXPECT_EQ(ran.code, 2) << words << ": " << ran.text;
  EXPECT_NE(ran.text.find(wanted), std::string::npos) << words << ": " << ran.text;
}

}  // namespace control::test
