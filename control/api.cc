// SPDX-License-Identifier: MIT
#include "control/api.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "control/api_answer.h"
#include "control/api_streams.h"
#include "control/api_views.h"
#include "control/flow_why.h"
#include "control/flows.h"
#include "control/limits.h"
#include "control/metrics.h"
#include "control/percent.h"
#include "control/ports.h"
#include "control/query_field.h"
#include "control/sessions.h"
#include "control/stats.h"
#include "control/streams.h"
#include "control/told_session.h"
#include "control/trace_view.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kMaxDeadlineS = 30 * 24 * 3600;

// What a route's function gets. pool and endpoint are "" where the path has none.
struct Call {
  Operations& operations;
  std::string pool, endpoint;
  Json body;          // an object with none but the route's own fields
  std::string query;  // as sent
};

using Action = ApiResponse (*)(const Call&);

struct Route {
  std::string_view method, pattern;  // {pool} and {endpoint} stand for one segment each
  Action action;
  std::vector<std::string_view> fields;  // of the body
};

// nullopt: not given. Error: not a whole number in the range.
lb::Result<std::optional<uint32_t>> number(const Json& body, const char* field, uint32_t least,
                                           uint32_t most) {
  const auto found = body.find(field);
  if (found == body.end() || found->is_null()) return std::optional<uint32_t>();
  if (found->is_number_unsigned() && found->get<uint64_t>() >= least && found->get<uint64_t>() <= most)
    return std::optional<uint32_t>(found->get<uint32_t>());
  return lb::Error{std::string(field) + ": a whole number from " + std::to_string(least) + " to " +
                   std::to_string(most) + " is wanted"};
}

std::optional<lb::Endpoint> endpoint_of(const Call& call) { return lb::Endpoint::parse(call.endpoint); }

ApiResponse backend_answer(const Call& call, const lb::Endpoint& endpoint,
                           const std::optional<Refusal>& refusal) {
  if (refusal) return refuse(*refusal);
  return answer({{"generation", call.operations.generation()},
                 {"pool", call.pool},
                 {"backend", backend_json(call.operations, call.pool, endpoint)}});
}
ApiResponse done(const Call& call, const std::optional<Refusal>& refusal) {
  if (refusal) return refuse(*refusal);
  return answer({{"generation", call.operations.generation()}});
}

ApiResponse get_status(const Call& call) { return answer(status_json(call.operations)); }
ApiResponse get_services(const Call& call) { return answer(services_json(call.operations)); }
ApiResponse get_pools(const Call& call) { return answer(pools_json(call.operations)); }
ApiResponse get_config(const Call& call) { return answer(config_json(call.operations)); }
ApiResponse get_stats(const Call& call) { return answer(stats_json(call.operations)); }
ApiResponse get_ports(const Call& call) { return answer(ports_json(call.operations.engine())); }
ApiResponse get_metrics(const Call& call) { return {200, metrics_text(call.operations), "", kMetricsType}; }
ApiResponse get_neighbours(const Call& call) {
  return answer({{"neighbours", neighbours_json(call.operations.engine())}});
}
ApiResponse get_pool(const Call& call) {
  if (const auto refusal = call.operations.find_pool(call.pool)) return refuse(*refusal);
  return answer(pool_json(call.operations, call.pool));
}

ApiResponse set_weight(const Call& call) {
  const auto endpoint = endpoint_of(call);
  if (!endpoint) return bad_endpoint(call.endpoint);
  const auto weight = number(call.body, "weight", 0, kMaxWeight);
  if (!weight) return refuse(422, weight.error());
  if (!weight.value()) return refuse(422, "weight is missing: {\"weight\": 0 to 10000} is wanted");
  return backend_answer(call, *endpoint, call.operations.set_weight(call.pool, *endpoint, *weight.value()));
}

ApiResponse drain(const Call& call) {
  const auto endpoint = endpoint_of(call);
  if (!endpoint) return bad_endpoint(call.endpoint);
  const auto deadline_s = number(call.body, "deadline_s", 1, kMaxDeadlineS);
  if (!deadline_s) return refuse(422, deadline_s.error());
  return backend_answer(call, *endpoint, call.operations.drain(call.pool, *endpoint, deadline_s.value()));
}

ApiResponse undrain(const Call& call) {
  const auto endpoint = endpoint_of(call);
  if (!endpoint) return bad_endpoint(call.endpoint);
  return backend_answer(call, *endpoint, call.operations.undrain(call.pool, *endpoint));
}

ApiResponse add_backend(const Call& call) {
  const auto address = call.body.find("address");
  if (address == call.body.end() || !address->is_string())
    return refuse(
        422,
        "address is missing: {\"address\": \"10.0.0.1\" or \"10.0.0.1:1935\", \"weight\": 100} is wanted");
  const auto endpoint = lb::Endpoint::parse(address->get<std::string>());
  if (!endpoint) return bad_endpoint(address->get<std::string>());
  const auto weight = number(call.body, "weight", 0, kMaxWeight);
  if (!weight) return refuse(422, weight.error());
  return backend_answer(call, *endpoint, call.operations.add_backend(call.pool, *endpoint, weight.value()));
}

ApiResponse remove_backend(const Call& call) {
  const auto endpoint = endpoint_of(call);
  if (!endpoint) return bad_endpoint(call.endpoint);
  return done(call, call.operations.remove_backend(call.pool, *endpoint));
}

ApiResponse reset_backend(const Call& call) {
  const auto endpoint = endpoint_of(call);
  if (!endpoint) return bad_endpoint(call.endpoint);
  return done(call, call.operations.reset_backend(call.pool, *endpoint));
}

ApiResponse reset_pool(const Call& call) { return done(call, call.operations.reset_pool(call.pool)); }
ApiResponse reset_all(const Call& call) { return done(call, call.operations.reset_all()); }

// list  flows_json() and its like, with the filter that it takes
template <typename Filter>
ApiResponse get_list(const Call& call, Json (*list)(const Engine&, const lb::SnapshotSpec&, const Filter&)) {
  const auto fields = query_fields(call.query);
  if (!fields) return bad_query();
  const auto filter = Filter::of(*fields);
  if (!filter) return refuse(422, filter.error());
  return answer(list(call.operations.engine(), call.operations.spec(), filter.value()));
}
ApiResponse tell_session(const Call& call) {
  ToldSession told;
  std::string backend, why;
  if (!read_text(call.body, "pool", told.pool, why) ||
      !read_text(call.body, "username", told.username, why) ||
      !read_text(call.body, "backend", backend, why) ||
      !read_text(call.body, "server_password", told.server_password, why) ||
      !read_text(call.body, "client_password", told.client_password, why))
    return refuse(422, why);
  if (const auto refusal = call.operations.find_pool(told.pool)) return refuse(*refusal);
  const auto endpoint = lb::Endpoint::parse(backend);
  if (!endpoint) return bad_endpoint(backend);
  told.backend = *endpoint;
  const Operations& operations = call.operations;
  if (const auto refusal = tell_session(operations.engine(), operations.spec(), told))
    return refuse(*refusal);
  SessionFilter filter;
  filter.username = told.username;
  return answer(sessions_json(operations.engine(), operations.spec(), filter));
}
ApiResponse get_flows(const Call& call) { return get_list(call, flows_json); }
ApiResponse get_flow_why(const Call& call) {
  const auto fields = query_fields(call.query);
  if (!fields) return bad_query();
  const auto question = FlowQuestion::of(*fields);
  if (!question) return refuse(422, question.error());
  const auto why = flow_why_json(call.operations, question.value());
  return why ? answer(why.value()) : refuse(404, why.error());
}
ApiResponse get_sessions(const Call& call) { return get_list(call, sessions_json); }
ApiResponse get_streams(const Call& call) { return get_list(call, streams_json); }
ApiResponse get_stream_where(const Call& call) { return stream_where(call.operations, call.query); }
ApiResponse move_stream(const Call& call) { return move_stream(call.operations, call.body); }
ApiResponse forget_stream(const Call& call) { return forget_stream(call.operations, call.body); }

// Of the trace that runs or ran last.
ApiResponse trace_answer(const Call& call, uint64_t id, uint64_t after) {
  const PacketTrace* trace = call.operations.read_trace(id);
  if (trace == nullptr)
    return refuse(404, "no trace has this number: it ended, and its packets are gone; begin another");
  return answer(trace_json(call.operations.engine(), call.operations.spec(), *trace, after));
}

ApiResponse begin_trace(const Call& call) {
  const auto request = TraceRequest::of(call.body, call.operations.spec());
  if (!request) return refuse(422, request.error());
  if (const auto refusal = call.operations.begin_trace(request.value())) return refuse(*refusal);
  return trace_answer(call, call.operations.trace()->id(), 0);
}

// Which trace, and from which of its packets on.
struct TracePlace {
  uint64_t id = 0, after = 0;
  static lb::Result<TracePlace> of(const std::string& query) {
    const auto fields = query_fields(query);
    if (!fields) return lb::Error{"the query is not name=value&name=value, each name once"};
    return read_fields<TracePlace>(
        *fields, [](TracePlace& place, const std::string& name, const std::string& text) -> std::string {
          if (name == "id") return read_number(text, 1, UINT64_MAX, place.id);
          if (name == "after") return read_number(text, 0, UINT32_MAX, place.after);
          return "unknown; id and after are known";
        });
  }
};

ApiResponse get_trace(const Call& call) {
  const auto place = TracePlace::of(call.query);
  if (!place) return refuse(422, place.error());
  return trace_answer(call, place.value().id, place.value().after);
}

ApiResponse end_trace(const Call& call) {
  const auto place = TracePlace::of(call.query);
  if (!place) return refuse(422, place.error());
  call.operations.end_trace(place.value().id);
  return done(call, std::nullopt);
}

ApiResponse apply_config(const Call& call) {
  const auto text = call.body.find("text");
  if (text == call.body.end() || !text->is_string())
    return refuse(422, "text is missing: {\"text\": \"the configuration's YAML\"} is wanted");
  const auto changes = call.operations.apply(text->get<std::string>());
  if (!changes) return refuse(422, changes.error());
  return answer({{"generation", call.operations.generation()}, {"changes", changes.value()}});
}

ApiResponse reload(const Call& call) {
  if (const lb::Status status = call.operations.reload(); !status) return refuse(422, status.error());
  return done(call, std::nullopt);
}

const std::vector<Route>& routes() {
  static const std::vector<Route> table = {
      {"GET", "/v1/status", get_status, {}},
      {"GET", "/v1/services", get_services, {}},
      {"GET", "/v1/pools", get_pools, {}},
      {"GET", "/v1/pools/{pool}", get_pool, {}},
      {"POST", "/v1/pools/{pool}/backends", add_backend, {"address", "weight"}},
      {"PATCH", "/v1/pools/{pool}/backends/{endpoint}", set_weight, {"weight"}},
      {"DELETE", "/v1/pools/{pool}/backends/{endpoint}", remove_backend, {}},
      {"POST", "/v1/pools/{pool}/backends/{endpoint}/drain", drain, {"deadline_s"}},
      {"POST", "/v1/pools/{pool}/backends/{endpoint}/undrain", undrain, {}},
      {"POST", "/v1/pools/{pool}/backends/{endpoint}/reset", reset_backend, {}},
      {"POST", "/v1/pools/{pool}/reset", reset_pool, {}},
      {"POST", "/v1/reset", reset_all, {}},
      {"POST", "/v1/reload", reload, {}},
      {"GET", "/v1/config", get_config, {}},
      {"PUT", "/v1/config", apply_config, {"text"}},
      {"GET", "/v1/flows", get_flows, {}},
      {"GET", "/v1/flows/why", get_flow_why, {}},
      {"GET", "/v1/sessions", get_sessions, {}},
      {"POST",
       "/v1/sessions",
       tell_session,
       {"pool", "username", "backend", "server_password", "client_password"}},
      {"GET", "/v1/streams", get_streams, {}},
      {"GET", "/v1/streams/where", get_stream_where, {}},
      {"POST", "/v1/streams/move", move_stream, {"service", "stream", "backend"}},
      {"POST", "/v1/streams/forget", forget_stream, {"service", "stream"}},
      {"POST",
       "/v1/trace",
       begin_trace,
       {"client", "port", "vip", "service", "backend", "reason", "drops_only", "packets", "seconds",
        "snaplen"}},
      {"GET", "/v1/trace", get_trace, {}},
      {"DELETE", "/v1/trace", end_trace, {}},
      {"GET", "/v1/stats", get_stats, {}},
      {"GET", "/v1/ports", get_ports, {}},
      {"GET", "/v1/neighbours", get_neighbours, {}},
      {"GET", "/metrics", get_metrics, {}},
  };
  return table;
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Fills pool and endpoint of `call` if `parts` fit the pattern.
bool matches(std::string_view pattern, std::span<const std::string> parts, Call& call) {
  const auto wanted = split(pattern);
  if (wanted.size() != parts.size()) return false;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{pool}")
      call.pool = parts[i];
    else if (wanted[i] == "{endpoint}")
      call.endpoint = parts[i];
    else if (wanted[i] != parts[i])
      return false;
  }
  return true;
}

ApiResponse run(const Route& route, const std::string& body, Call& call) {
  call.body = body.empty() ? Json::object() : Json::parse(body, nullptr, false);
  if (!call.body.is_object()) return refuse(400, "the body is not a JSON object");
  for (const auto& [field, value] : call.body.items())
    if (std::find(route.fields.begin(), route.fields.end(), field) == route.fields.end()) {
      std::string known;
      for (const std::string_view name : route.fields)
        known += (known.empty() ? "" : ", ") + std::string(name);
      return refuse(
          422, "unknown field \"" + field + "\"; " + (known.empty() ? "none is" : known + " are") + " known");
    }
  return route.action(call);
}

}  // namespace

ApiResponse respond(Operations& operations, const ApiRequest& request) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(request.path)) {
    const auto decoded = percent_decoded(part);
    if (!decoded) return refuse(400, "the path is not percent-encoded rightly");
    parts.push_back(*decoded);
  }
  std::string allow;
  for (const Route& route : routes()) {
    Call call{operations, "", "", {}, request.query};
    if (!matches(route.pattern, parts, call)) continue;
    if (route.method == request.method) return run(route, request.body, call);
    allow += (allow.empty() ? "" : ", ") + std::string(route.method);
  }
  if (allow.empty()) return refuse(404, "no such path; docs/api.md lists them");
  ApiResponse response = refuse(405, request.method + " is not possible here; " + allow + " is");
  response.allow = allow;
  return response;
}

}  // namespace control
