// SPDX-License-Identifier: MIT
// Values of a query (GET /v1/flows?...) as the filters of listings want them.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "lb/address.h"
#include "lb/result.h"

namespace control {

// Each reads one value into a filter and returns "", or why it cannot be; `into` is then as it was.

// A whole decimal number.
template <typename Number>
std::string read_number(const std::string& text, uint64_t least, uint64_t most, Number& into) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    return "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is wanted";
  into = static_cast<Number>(value);
  return "";
}

// ADDRESS or ADDRESS:PORT.
std::string read_endpoint(const std::string& text, std::optional<lb::Endpoint>& into);
std::string read_address(const std::string& text, std::optional<lb::IpAddress>& into);

// A whole query, by name, into a filter.
// set    reads the field of that name as above
// error  one line, the field's name first
template <typename Filter>
lb::Result<Filter> read_fields(const std::map<std::string, std::string>& fields,
                               std::string (*set)(Filter&, const std::string&, const std::string&)) {
  Filter filter;
  for (const auto& [name, text] : fields)
    if (const std::string why = set(filter, name, text); !why.empty()) return lb::Error{name + ": " + why};
  return filter;
}

}  // namespace control
