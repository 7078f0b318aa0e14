// SPDX-License-Identifier: MIT
// Percent-encoding (RFC 3986 section 2.1) of paths and queries.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace control {

// nullopt: a '%' without two hexadecimal digits behind it.
std::optional<std::string> percent_decoded(std::string_view text);

// "a=1&b=x%20y" by name. nullopt: badly encoded, a part without '=', or a name given twice.
std::optional<std::map<std::string, std::string>> query_fields(std::string_view query);

}  // namespace control
