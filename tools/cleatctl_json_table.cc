// SPDX-License-Identifier: MIT
#include "tools/cleatctl_json_table.h"

#include <nlohmann/json.hpp>

#include "control/one_line.h"
#include "tools/cleatctl_table.h"

namespace cleatctl {

using Json = nlohmann::ordered_json;

std::string text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return control::one_line(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.dump();
}

std::string duration(uint64_t s) {
  const auto pair = [](uint64_t big, const char* big_unit, uint64_t small, const char* small_unit) {
    return std::to_string(big) + big_unit + " " + std::to_string(small) + small_unit;
  };
  if (s >= 86400) return pair(s / 86400, "d", s % 86400 / 3600, "h");
  if (s >= 3600) return pair(s / 3600, "h", s % 3600 / 60, "m");
  if (s >= 60) return pair(s / 60, "m", s % 60, "s");
  return std::to_string(s) + "s";
}

std::string plain_table(const Json& rows, const std::vector<std::pair<std::string, std::string>>& columns) {
  std::vector<std::string> titles;
  for (const auto& column : columns) titles.push_back(column.first);
  Table table(titles);
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const auto& column : columns) cells.push_back(text(row.at(column.second)));
    table.add(std::move(cells));
  }
  return table.text();
}

void CountTable::add(const std::string& what, const Json& count) {
  if (count == 0) return;
  table_.add({what, cleatctl::text(count)});
  any_ = true;
}

}  // namespace cleatctl
