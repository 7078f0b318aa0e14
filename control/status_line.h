// SPDX-License-Identifier: MIT
// How things are, in a line for people who look from afar (systemctl status).
#pragma once

#include <string>

#include "control/operations.h"

namespace control {

// "2 services, 5 of 6 backends up", then what is wrong: pools in panic, a reload or a snapshot that was refused and why.
// A backend that is not checked counts as up. cost  a look-up for each backend
std::string status_line(const Operations& operations);

}  // namespace control
