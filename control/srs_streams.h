// SPDX-License-Identifier: MIT
// What an SRS answers to GET /api/v1/streams/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lb/result.h"

namespace control {

// body     JSON: {"code":0, "streams":[{"url":"/live/cam", "publish":{"active":true}, ...}, ...]}
// returns  `url` of each stream that somebody publishes: `/app/stream` in the default vhost, else `vhost/app/stream`
// error    one line: no JSON, or none of that shape; entries that lack a field are passed over
lb::Result<std::vector<std::string>> published_streams(std::string_view body);

}  // namespace control
