// SPDX-License-Identifier: MIT
// Keys on cleatctl's command line and random octets, for the nouns that make and read ids without cleatd.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lb/aes128.h"
#include "lb/result.h"
#include "tools/cleatctl_commands.h"

namespace cleatctl {

// Says why on stderr. returns kUsage
int usage_error(const std::string& why);

// Octets of hexadecimal digits. An error names `name`, never the text: it may be a key.
lb::Result<std::vector<uint8_t>> hex_of(const std::string& name, std::string_view text);

// text     what an option says: itself, or @FILE that holds it, for other users see a command line
// returns  the file's without white space at its end; the error begins with `name`
lb::Result<std::string> secret_of(const std::string& name, const std::string& text);

// text  of --key: 32 digits, or @FILE that holds them
lb::Result<lb::AesKey> key_of(const std::string& text);

// False, and said on stderr, if the system gives none.
bool fill_random(std::span<uint8_t> octets);

// `quic-lb keygen` and `ufrag keygen`: prints a random key.
int keygen(const Options& options, const std::vector<std::string>& arguments);

}  // namespace cleatctl
