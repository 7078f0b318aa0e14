// SPDX-License-Identifier: MIT
#include "control/query_field.h"

namespace control {

std::string read_endpoint(const std::string& text, std::optional<lb::Endpoint>& into) {
  const auto endpoint = lb::Endpoint::parse(text);
  if (!endpoint) return "ADDRESS or ADDRESS:PORT is wanted";
  into = endpoint;
  return "";
}

std::string read_address(const std::string& text, std::optional<lb::IpAddress>& into) {
  const auto address = lb::IpAddress::parse(text);
  if (!address) return "an address is wanted";
  into = address;
  return "";
}

}  // namespace control
