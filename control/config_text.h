// SPDX-License-Identifier: MIT
// A configuration written down again, in the file's own shape.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "control/config.h"

namespace control {

// What the file would say with every default written out and prefixes of `nat` expanded. parse_config() reads
// its dump (JSON is YAML) as the same configuration.
nlohmann::ordered_json config_as_json(const Config& config);

// JSON of that shape as YAML to read and to keep: short maps and lists on one line.
std::string yaml_text(const nlohmann::ordered_json& json);

// What a check asks, without its timings and thresholds.
nlohmann::ordered_json question_json(const HealthConfig& check);

// `ice` of a service.
nlohmann::ordered_json ice_json(const lb::IceSpec& ice);

// `routes` of a service.
nlohmann::ordered_json routes_json(const std::vector<lb::StreamRouteSpec>& routes);

// The words of the file, also for the API.
std::string_view name_of(lb::Protocol protocol);
std::string_view name_of(lb::Forward forward);
std::string_view name_of(lb::Affinity affinity);
std::string_view name_of(lb::PickMethod pick);
// "1935", "8000-8100" or "any".
std::string ports_of(const ServiceConfig& service);

}  // namespace control
