// SPDX-License-Identifier: MIT
// cleatctl trace: packets with their verdicts while they pass, on the terminal and into a file.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tools/cleatctl_commands.h"

namespace cleatctl {

// Runs until the trace is over, or SIGINT or SIGTERM ends it. Returns the exit code.
int trace_show(const Options& options, const std::vector<std::string>& arguments);

// One packet of GET /v1/trace as a line, and what became of it alone. Throw as tools/cleatctl_show.h does.
std::string trace_line(const nlohmann::ordered_json& packet);
std::string trace_verdict(const nlohmann::ordered_json& packet);

}  // namespace cleatctl
