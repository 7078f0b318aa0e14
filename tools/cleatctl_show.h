// SPDX-License-Identifier: MIT
// The API's JSON (docs/api.md) as text for a terminal.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace cleatctl {

// Each takes what the named path answers; throws
// nlohmann::json::exception if that is not of the documented shape.
std::string show_status(const nlohmann::ordered_json& status);      // GET /v1/status
std::string show_services(const nlohmann::ordered_json& services);  // GET /v1/services
std::string show_pools(const nlohmann::ordered_json& pools);        // GET /v1/pools
std::string show_backends(const nlohmann::ordered_json& pools);     // GET /v1/pools
std::string show_config(const nlohmann::ordered_json& config);      // GET /v1/config
std::string show_stats(const nlohmann::ordered_json& stats);        // GET /v1/stats
std::string show_load(const nlohmann::ordered_json& stats);         // its part of it; "" if no worker has any
std::string show_flows(const nlohmann::ordered_json& flows);        // GET /v1/flows
std::string why_flow(const nlohmann::ordered_json& why);            // GET /v1/flows/why, in words
std::string show_sessions(const nlohmann::ordered_json& sessions);  // GET /v1/sessions
std::string why_sessions(const nlohmann::ordered_json& sessions);   // GET /v1/sessions, a paragraph each
std::string show_streams(const nlohmann::ordered_json& streams);    // GET /v1/streams
std::string where_stream(const nlohmann::ordered_json& where);      // GET /v1/streams/where, in words
std::string show_stream_counts(
    const nlohmann::ordered_json& stats);  // GET /v1/stats: its part of it; "" if there are none
std::string show_rules(
    const nlohmann::ordered_json& services);  // GET /v1/services: vhosts and routes; "" if there are none
std::string show_ports(const nlohmann::ordered_json& ports);            // GET /v1/ports
std::string show_neighbours(const nlohmann::ordered_json& neighbours);  // GET /v1/neighbours

// What is left of a backend's drain; "" if there is none.
std::string drain_text(const nlohmann::ordered_json& backend);

}  // namespace cleatctl
