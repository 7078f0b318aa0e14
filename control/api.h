// SPDX-License-Identifier: MIT
// The REST API's routes (docs/api.md): what each method and path means, and what a body may say.
#pragma once

#include "control/api_server.h"
#include "control/operations.h"

namespace control {

// Answers one request. Errors are {"error": "..."}: 400 not JSON, 404 no such thing, 405 wrong method (with
// the right ones in `allow`), 422 a field or a change that cannot be, 500 a change that could not be saved.
// cost    reads allocate a few KiB for each backend; changes as Operations' own. Control thread.
ApiResponse respond(Operations& operations, const ApiRequest& request);

}  // namespace control
