// SPDX-License-Identifier: MIT
// What GET answers show: configuration, overrides, health and traffic put side by side (docs/api.md).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/operations.h"

namespace control {

nlohmann::ordered_json status_json(const Operations& operations);
nlohmann::ordered_json services_json(const Operations& operations);
nlohmann::ordered_json pools_json(const Operations& operations);
// REQUIRES: the pool exists
nlohmann::ordered_json pool_json(const Operations& operations, const std::string& pool);
// null if there is no such backend
nlohmann::ordered_json backend_json(const Operations& operations, const std::string& pool,
                                    const lb::Endpoint& endpoint);
nlohmann::ordered_json config_json(const Operations& operations);

}  // namespace control
