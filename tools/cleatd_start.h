// SPDX-License-Identifier: MIT
// Where control and dataplane meet: the configuration as the dataplane wants it, the dataplane as control wants it.
#pragma once

#include <string>
#include <vector>

#include "control/config.h"
#include "control/engine.h"
#include "dataplane/dataplane.h"
#include "dataplane/options.h"

namespace cleatd {

dataplane::Options dataplane_options(const control::Config& config, std::vector<std::string> eal_arguments);

// `plane` outlives the engine.
control::Engine engine_of(dataplane::Dataplane& plane, const control::Config& config);

// What the LIPs allow, one line for each family that has any: flows at a time, and new ones a second in the worst cases,
// TCP to servers which close first and UDP that falls silent. "" without LIPs.
std::string lip_capacity(const control::Config& config);

// Compiles the configuration against an empty segment, so that what only lb::compile() finds is found before a port is
// touched. error  one line
lb::Status dry_compile(const control::Config& config);

}  // namespace cleatd
