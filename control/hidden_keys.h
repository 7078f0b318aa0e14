// SPDX-License-Identifier: MIT
// Keys in a configuration that `config show` has printed: it writes "(hidden)" in their place, and what it printed may be
// checked and applied all the same.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "control/config.h"
#include "lb/aes128.h"

namespace control {

inline constexpr char kHiddenKey[] = "(hidden)";

// config_id  of the pool's quic_lb; nullopt: the key of its ice_ufrag. returns nullopt if there is none
using KeyLookup =
    std::function<std::optional<lb::AesKey>(const std::string& pool, std::optional<uint64_t> config_id)>;

// The text with each hidden key written out. Those that key_of does not know stay, for the parser to refuse; so does all of
// a text that is no YAML.
std::string fill_hidden_keys(const std::string& text, const KeyLookup& key_of);

// Those of a configuration.
KeyLookup keys_of(const Config& config);
// Any, for a check that needs to know only that one is there.
KeyLookup any_key();

}  // namespace control
