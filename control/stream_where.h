// SPDX-License-Identifier: MIT
// Where the next publisher and the next player of a stream would go, and why: GET /v1/streams/where (docs/api.md).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/engine.h"
#include "control/stream_place.h"

namespace control {

// place  of the engine's snapshot. By what all workers have open; one worker by itself counts its own connections, so of a
//        stream that is new it may choose another when its servers are unevenly loaded. Nothing changes. Control thread
nlohmann::ordered_json stream_where_json(const Engine& engine, const StreamPlace& place);

}  // namespace control
