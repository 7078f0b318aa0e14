// SPDX-License-Identifier: MIT
// Values of the API's JSON as text for a terminal.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tools/cleatctl_table.h"

namespace cleatctl {

// "" for null, "yes" and "no" for booleans. Control characters of texts become '?': some came from the network.
std::string text(const nlohmann::ordered_json& value);

// "3d 4h", "4h 12m", "12m 5s", "5s"
std::string duration(uint64_t s);

// One row for each element; a column is a title (cleatctl_table.h) and the field it shows.
std::string plain_table(const nlohmann::ordered_json& rows,
                        const std::vector<std::pair<std::string, std::string>>& columns);

// Counts that are not 0; nothing when all are.
class CountTable {
 public:
  CountTable(const std::string& of, const std::string& unit) : table_({of, unit + ">"}) {}
  void add(const std::string& what, const nlohmann::ordered_json& count);
  // With an empty line before it.
  [[nodiscard]] std::string text() const { return any_ ? "\n" + table_.text() : ""; }

 private:
  Table table_;
  bool any_ = false;
};

}  // namespace cleatctl
