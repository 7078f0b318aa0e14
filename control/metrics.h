// SPDX-License-Identifier: MIT
// GET /metrics: what /v1/stats, /v1/status and /v1/pools say, for Prometheus (text format 0.0.4). docs/metrics.md names all.
#pragma once

#include <string>

#include "control/operations.h"

namespace control {

inline constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";

// cost  some 100 bytes for each metric of each service, backend, port, worker and reason. Control thread
std::string metrics_text(const Operations& operations);

}  // namespace control
