// SPDX-License-Identifier: MIT
// cleatctl's nouns and verbs: what each takes and which request it becomes.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lb/result.h"

namespace cleatctl {

// The options that some verbs take.
struct Options {
  std::string socket = "/run/cleat/api.sock";
  bool json = false;
  std::optional<uint32_t> deadline_s, weight;
  std::map<std::string, std::string> values;  // of the others, as they were given
};

enum Exit : int { kOk = 0, kRefused = 1, kUsage = 2 };

struct Command {
  std::string_view noun, verb, arguments,
      what;                  // "backend", "weight", "POOL ENDPOINT N", "set a backend's weight"
  size_t least, most;        // number of arguments
  std::string_view options;  // names of those it takes, each with a blank behind it
  // Prints to stdout, or the reason to stderr, and returns the exit code.
  int (*run)(const Options& options, const std::vector<std::string>& arguments);
};

std::span<const Command> commands();

}  // namespace cleatctl
