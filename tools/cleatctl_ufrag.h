// SPDX-License-Identifier: MIT
// `cleatctl ufrag`: makes and reads ICE ufrags that hold a server's number (lb/server_ufrag.h), without cleatd.
#pragma once

#include "tools/cleatctl_commands.h"

namespace cleatctl {

// Options taken from Options::values. Print to stdout; what is wrong goes to stderr and is kUsage.
int ufrag_encode(const Options& options, const std::vector<std::string>& arguments);  // none
int ufrag_decode(const Options& options, const std::vector<std::string>& arguments);  // ufrags

}  // namespace cleatctl
