// SPDX-License-Identifier: MIT
// Which settings a running cleatd cannot take in.
#pragma once

#include <string>

#include "control/config.h"

namespace control {

// "" if `next` can replace `now` at run time; else one line that names the first field at fault, both values
// and "restart needed". Fields: workers, state, table sizes, punt, ports' number, names, devices, MTUs, addresses
// and gateways, api.listen.
std::string restart_needed(const Config& now, const Config& next);

}  // namespace control
