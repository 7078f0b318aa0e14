// SPDX-License-Identifier: MIT
// Why a client's flow is where it is, and where a new one would go: GET /v1/flows/why (docs/api.md).
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "control/operations.h"
#include "lb/address.h"
#include "lb/result.h"

namespace control {

struct FlowQuestion {
  lb::Endpoint client, vip;              // with their ports, of one family
  std::optional<lb::Protocol> protocol;  // nullopt: whichever is served there

  // fields  client, vip, protocol as a query gives them. error  one line
  static lb::Result<FlowQuestion> of(const std::map<std::string, std::string>& fields);
};

// error  nothing is served there, or by both protocols and none was said. Control thread.
lb::Result<nlohmann::ordered_json> flow_why_json(const Operations& operations, const FlowQuestion& question);

}  // namespace control
