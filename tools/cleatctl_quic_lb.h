// SPDX-License-Identifier: MIT
// `cleatctl quic-lb`: makes and reads connection ids of QUIC-LB (lb/quic_lb.h), without cleatd.
#pragma once

#include "tools/cleatctl_commands.h"

namespace cleatctl {

// Options taken from Options::values. Print to stdout; what is wrong goes to stderr and is kUsage.
int quic_lb_encode(const Options& options, const std::vector<std::string>& arguments);  // none
int quic_lb_decode(const Options& options, const std::vector<std::string>& arguments);  // connection ids

}  // namespace cleatctl
