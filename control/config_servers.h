// SPDX-License-Identifier: MIT
// What the sections share by which a pool's servers are known from what they put into packets: keys, and whose an id is.
#pragma once

#include <optional>
#include <string>

#include "control/config.h"
#include "control/yaml_field.h"
#include "lb/aes128.h"

namespace control {

// keygen   the command that prints such keys, for the message
// returns  nullopt: not given, or refused. What was given is not shown: it may be a secret
std::optional<lb::AesKey> read_key(const YamlField& field, const std::string& keygen);

// A backend of the pool, written as there. nullopt: not given, or refused.
// REQUIRES: pool.backends are read
std::optional<lb::Endpoint> read_backend_of(const PoolConfig& pool, const YamlField& field);

}  // namespace control
