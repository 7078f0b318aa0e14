// SPDX-License-Identifier: MIT
#include "control/api_answer.h"

#include <nlohmann/json.hpp>

#include "control/one_line.h"

namespace control {

using Json = nlohmann::ordered_json;

ApiResponse answer(const Json& json, unsigned status) {
  // Names may hold any byte; those that are no UTF-8 are replaced rather than thrown at.
  return {status, json.dump(-1, ' ', false, Json::error_handler_t::replace), ""};
}
ApiResponse refuse(unsigned status, const std::string& why) {
  return answer({{"error", one_line(why)}}, status);
}
ApiResponse refuse(const Refusal& refusal) {
  switch (refusal.kind) {
    case Refusal::Kind::kNotFound:
      return refuse(404, refusal.message);
    case Refusal::Kind::kInvalid:
      return refuse(422, refusal.message);
    case Refusal::Kind::kFailed:
      return refuse(500, refusal.message);
  }
  return refuse(500, refusal.message);
}

ApiResponse bad_endpoint(const std::string& text) {
  return refuse(
      422,
      "\"" + text + "\" is no backend: an address, or address:port ([address]:port for IPv6), is wanted");
}

ApiResponse bad_query() { return refuse(400, "the query is not name=value&name=value, each name once"); }

bool read_text(const Json& body, const char* field, std::string& into, std::string& why) {
  const auto found = body.find(field);
  if (found == body.end() || found->is_null()) return true;
  if (!found->is_string()) {
    why = std::string(field) + ": a string is wanted";
    return false;
  }
  into = found->get<std::string>();
  return true;
}

}  // namespace control
