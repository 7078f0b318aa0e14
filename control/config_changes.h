// SPDX-License-Identifier: MIT
// What differs between two configurations, field by field, in the file's own words.
#pragma once

#include <string>
#include <vector>

#include "control/config.h"

namespace control {

// "services.rtmp.port: 1935, was 1936"; "pools.live.backends.10.20.0.13: new"; "...: gone". Things are told apart by their
// names and addresses, not by their places, so that another order is no change. Keys are named, and not shown.
std::vector<std::string> config_changes(const Config& before, const Config& after);

}  // namespace control
