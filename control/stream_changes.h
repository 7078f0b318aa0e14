// SPDX-License-Identifier: MIT
// What an operator says of a stream: its next connections go to that server, or wherever a new stream's would. Connections that are
// there stay where they are.
#pragma once

#include "control/engine.h"
#include "control/operations.h"
#include "control/stream_place.h"

namespace control {

// Both: control thread, while workers go on. place  of the engine's snapshot
// backend  as the configuration writes it; of the stream's pool. A stream that is not known yet is known for a minute then
// returns  why not; nothing has changed then
Refused move_stream(const Engine& engine, const StreamPlace& place, const lb::Endpoint& backend);
// Of a stream that is not known it does nothing.
void forget_stream(const Engine& engine, const StreamPlace& place);

}  // namespace control
