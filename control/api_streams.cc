// SPDX-License-Identifier: MIT
#include "control/api_streams.h"

#include <nlohmann/json.hpp>

#include "control/api_answer.h"
#include "control/percent.h"
#include "control/query_field.h"
#include "control/stream_changes.h"
#include "control/stream_place.h"
#include "control/stream_where.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

struct StreamName {
  std::string service, stream, backend;
};

// "" or why `text` is no `name`.
std::string set(StreamName& named, const std::string& name, const std::string& text) {
  if (name != "service" && name != "stream") return "unknown; service and stream are known";
  (name == "service" ? named.service : named.stream) = text;
  return "";
}

ApiResponse where_answer(const Operations& operations, const StreamName& named, const StreamPlace& place) {
  Json json{{"service", named.service}};
  json.update(stream_where_json(operations.engine(), place));
  return answer(json);
}

// Calls `change(place)`, which says why not.
template <typename Change>
ApiResponse at_place(const Operations& operations, const StreamName& named, Change change) {
  if (named.service.empty())
    return refuse(422, "service is missing: the name of one with affinity stream is wanted");
  if (named.stream.empty())
    return refuse(422, "stream is missing: /APP/STREAM, VHOST/APP/STREAM or a URL is wanted");
  const auto found = StreamPlace::of(operations.engine(), operations.spec(), named.service, named.stream);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return refuse(*refusal);
  const auto& place = std::get<StreamPlace>(found);
  if (const Refused refused = change(place)) return refuse(*refused);
  return where_answer(operations, named, place);
}

lb::Result<StreamName> read_body(const Json& body) {
  StreamName named;
  std::string why;
  if (read_text(body, "service", named.service, why) && read_text(body, "stream", named.stream, why) &&
      read_text(body, "backend", named.backend, why))
    return named;
  return lb::Error{why};
}

}  // namespace

ApiResponse stream_where(const Operations& operations, const std::string& query) {
  const auto fields = query_fields(query);
  if (!fields) return bad_query();
  const auto named = read_fields<StreamName>(*fields, set);
  if (!named) return refuse(422, named.error());
  return at_place(operations, named.value(), [](const StreamPlace&) { return Refused(); });
}

ApiResponse move_stream(const Operations& operations, const Json& body) {
  const auto named = read_body(body);
  if (!named) return refuse(422, named.error());
  const auto backend = lb::Endpoint::parse(named.value().backend);
  if (!backend) return bad_endpoint(named.value().backend);
  return at_place(operations, named.value(), [&](const StreamPlace& place) {
    return move_stream(operations.engine(), place, *backend);
  });
}

ApiResponse forget_stream(const Operations& operations, const Json& body) {
  const auto named = read_body(body);
  if (!named) return refuse(422, named.error());
  return at_place(operations, named.value(), [&](const StreamPlace& place) {
    forget_stream(operations.engine(), place);
    return Refused();
  });
}

}  // namespace control
