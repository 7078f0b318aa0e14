// SPDX-License-Identifier: MIT
// The sections of the configuration file, a reader each (docs/config.md), and the checks across sections.
// Readers fill in what is given, leave the defaults elsewhere, and record the first mistake in the YamlFile.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/yaml_field.h"
#include "lb/address.h"

namespace control {

void read_dataplane(const YamlField& section, DataplaneConfig& into);
void read_nat(const YamlField& section, std::vector<lb::IpAddress>& lips, lb::FlowTimeouts& timeouts);
void read_pools(const YamlField& section, std::vector<PoolConfig>& into);
// `health` of a pool, without what depends on its backends.
HealthConfig read_health(const YamlField& section);
// Of an HTTP request, with its query. example  for messages
void read_path(const YamlField& field, const std::string& example, std::string& into);
// `streams` of a pool.
StreamPollConfig read_stream_poll(const YamlField& section);
// Both: REQUIRES: pool.backends are read
void read_quic_lb(const YamlField& section, PoolConfig& pool);
void read_ice_ufrag(const YamlField& section, PoolConfig& pool);
void read_services(const YamlField& section, std::vector<ServiceConfig>& into);
// `ice`, and what affinity: ice asks of the other fields of a service. REQUIRES: those are read
void read_ice(const YamlField& item, ServiceConfig& service);
// `vhosts`, `routes`, and what affinity: stream asks of the other fields of a service. REQUIRES: those are read
void read_streams(const YamlField& item, ServiceConfig& service);
void read_api(const YamlField& section, ApiConfig& into);

// What no section can see alone: names that must exist, addresses that must not meet, families, routes.
// REQUIRES: root was read into `config` without a mistake
void check_config(const Config& config, const YamlField& root, YamlFile& file);

// An address of a host: not unspecified, not multicast, not broadcast. nullopt: refused, or not given.
std::optional<lb::IpAddress> read_host(const YamlField& field);

// A name for people, paths and file systems: letters, digits, '.', '_' and '-', 1 to 63 of them. Refuses
// others.
void check_name(const YamlField& field, const std::string& name);

}  // namespace control
