// SPDX-License-Identifier: MIT
#include "control/duration.h"

#include <charconv>

namespace control {
namespace {

struct Unit {
  std::string_view name;
  uint64_t ms;
};
constexpr Unit kUnits[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr uint64_t kMostMs = 1'000'000'000'000'000;

}  // namespace

std::optional<uint64_t> parse_duration_ms(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& unit : kUnits)
    if (name == unit.name && value <= kMostMs / unit.ms) return value * unit.ms;
  return std::nullopt;
}

std::string duration_text(uint64_t value_ms) {
  if (value_ms == 0) return "0s";
  for (const Unit& unit : kUnits)
    if (value_ms % unit.ms == 0) return std::to_string(value_ms / unit.ms) + std::string(unit.name);
  return "";
}

}  // namespace control
