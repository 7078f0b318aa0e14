// SPDX-License-Identifier: MIT
// Values of the API's JSON as text for a terminal.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace cleatctl {

// "" for null, "yes" and "no" for booleans. Control characters of texts become '?': some came from the network.
std::string text(const nlohmann::ordered_json& value);

// "3d 4h", "4h 12m", "12m 5s", "5s"
std::string duration(uint64_t s);

// One row for each element; a column is a title (cleatctl_table.h) and the field it shows.
std::string plain_table(const nlohmann::ordered_json& rows,
                        const std::vector<std::pair<std::string, std::string>>& columns);

}  // namespace cleatctl
