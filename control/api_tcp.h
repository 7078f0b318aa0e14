// SPDX-License-Identifier: MIT
// The API's TCP socket and the token that its clients show (RFC 6750 section 2.1).
#pragma once

#include <string>
#include <string_view>

#include "lb/address.h"
#include "lb/result.h"

namespace control {

inline constexpr size_t kLeastToken = 16, kLongestToken = 256;

// A descriptor that listens; the caller closes it. The address need not be there yet (IP_FREEBIND): a port's own appears with
// its tap.
// error  one line: the address and errno's text
lb::Result<int> listen_on_tcp(const lb::Endpoint& address);

// The one line of a token's file, without white space around it.
// error  one line: it cannot be read, others may read it, or it is no token of kLeastToken to kLongestToken visible characters
lb::Result<std::string> read_token(const std::string& file);

// Whether the value of an Authorization header is "Bearer TOKEN". Takes as long for a wrong token as for a right one.
bool bears_token(std::string_view authorization, const std::string& token);

}  // namespace control
