// SPDX-License-Identifier: MIT
// What requests to the API are answered with, and what their bodies hold.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/api_server.h"
#include "control/operations.h"

namespace control {

ApiResponse answer(const nlohmann::ordered_json& json, unsigned status = 200);
// {"error": why}, on one line.
ApiResponse refuse(unsigned status, const std::string& why);
ApiResponse refuse(const Refusal& refusal);
ApiResponse bad_endpoint(const std::string& text);
ApiResponse bad_query();

// A field of a body; `into` stays where it is not given. False, and `why` says so: it is there and no string.
bool read_text(const nlohmann::ordered_json& body, const char* field, std::string& into, std::string& why);

}  // namespace control
