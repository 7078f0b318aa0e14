// SPDX-License-Identifier: MIT
// What the API answers of one stream: where it goes, and what an operator says of that.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/api_server.h"
#include "control/operations.h"

namespace control {

// GET /v1/streams/where. query  service and stream
ApiResponse stream_where(const Operations& operations, const std::string& query);
// POST /v1/streams/move, /v1/streams/forget: answered as the former, after the change. body  an object with none but its fields
ApiResponse move_stream(const Operations& operations, const nlohmann::ordered_json& body);
ApiResponse forget_stream(const Operations& operations, const nlohmann::ordered_json& body);

}  // namespace control
