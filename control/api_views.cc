// SPDX-License-Identifier: MIT
#include "control/api_views.h"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "control/config_text.h"
#include "control/panic.h"
#include "control/stats.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

// One word for what an operator asks first: does it get new sessions, and if not, why.
std::string_view state_of(const BackendView& backend) {
  if (backend.drain) return "draining";
  if (!backend.health) return "unchecked";
  if (!backend.health->checked) return "unknown";
  return backend.health->healthy ? "up" : "down";
}

// RFC 3339, UTC.
std::string time_text(std::chrono::system_clock::time_point at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Json drain_json(const BackendView& backend) {
  if (!backend.drain) return nullptr;
  const auto& remaining_s = backend.drain->remaining_s;
  const auto& since_s = backend.drain->since_s;
  return {
      {"since", since_s ? Json(time_text(std::chrono::system_clock::from_time_t(*since_s))) : Json(nullptr)},
      {"remaining_s", remaining_s ? Json(*remaining_s) : Json(nullptr)},
      {"deadline_passed", remaining_s == 0},
      {"flows_open", backend.traffic.flows_open()}};
}

Json health_json(const BackendView& backend) {
  if (!backend.health) return nullptr;
  const HealthView& h = *backend.health;
  Json suspected = nullptr;
  if (h.suspicion)
    suspected = {{"reason", h.suspicion->reason}, {"age_s", h.suspicion->age_s}, {"open", h.suspicion->open}};
  return {
      {"healthy", h.healthy},
      {"checked", h.checked},
      {"reason", h.reason},
      {"down_reason", h.healthy ? Json(nullptr) : Json(h.down_reason)},
      {"not_done", h.not_done.empty() ? Json(nullptr) : Json(h.not_done)},
      {"took_ms", h.took_ms},
      {"for_s", h.for_s},
      {"since", time_text(h.since)},
      {"checks", {{"passed", h.checks_passed}, {"failed", h.checks_failed}, {"not_done", h.checks_not_done}}},
      {"falls", h.falls},
      {"suspicions", h.suspicions},
      {"suspected", suspected}};
}

Json streams_json(const BackendView& backend) {
  if (!backend.streams) return nullptr;
  const StreamPollView& s = *backend.streams;
  return {{"published", s.streams},
          {"age_s", s.age_s ? Json(*s.age_s) : Json(nullptr)},
          {"reason", s.reason},
          {"polls", {{"passed", s.passed}, {"failed", s.failed}}},
          {"conflicts", s.counts.conflicts}};
}

Json slow_start_json(const BackendView& backend) {
  if (!backend.slow_start) return nullptr;
  return {{"share_percent", backend.slow_start->share_percent},
          {"remaining_s", backend.slow_start->remaining_s}};
}

// Whole numbers are shown as such; a slow start makes others.
Json weight_json(double weight) {
  const auto whole = static_cast<uint64_t>(weight);
  return static_cast<double>(whole) == weight ? Json(whole) : Json(weight);
}

Json view_json(const BackendView& backend) {
  Json json{{"backend", backend.endpoint.to_string()},
            {"state", state_of(backend)},
            {"weight", backend.weight},
            {"config_weight", backend.config_weight ? Json(*backend.config_weight) : Json(nullptr)},
            {"override_weight", backend.override_weight ? Json(*backend.override_weight) : Json(nullptr)},
            {"effective_weight", weight_json(backend.effective_weight)},
            {"slow_start", slow_start_json(backend)},
            {"added", !backend.config_weight.has_value()},
            {"health", health_json(backend)},
            {"streams", streams_json(backend)},
            {"drain", drain_json(backend)}};
  json.update(traffic_json(backend.traffic));
  return json;
}

const PoolConfig& pool_of(const Operations& operations, const std::string& name) {
  const auto& pools = operations.config().pools;
  return *std::find_if(pools.begin(), pools.end(), [&](const PoolConfig& pool) { return pool.name == name; });
}

Json check_json(const std::optional<HealthConfig>& check) {
  if (!check) return nullptr;
  Json json = question_json(*check);
  json["interval_ms"] = check->interval_ms;
  json["fast_interval_ms"] = check->fast_interval_ms;
  json["timeout_ms"] = check->timeout_ms;
  json["rise"] = check->rise;
  json["fall"] = check->fall;
  return json;
}

Json service_json(const ServiceConfig& service) {
  const bool is_ice = service.affinity == lb::Affinity::kIce;
  const bool is_stream = lb::goes_by_stream(service.affinity);
  return {{"service", service.name},
          {"vip", service.vip.to_string()},
          {"protocol", name_of(service.protocol)},
          {"port", ports_of(service)},
          {"pool", service.pool},
          {"forward", name_of(service.forward)},
          {"affinity", name_of(service.affinity)},
          {"ice", is_ice ? ice_json(service.ice) : Json(nullptr)},
          {"reads", service.reads_whip ? "whip" : "nothing"},
          {"proxy_protocol", service.proxy_protocol ? Json("v2") : Json(nullptr)},
          {"mss", service.mss != 0 ? Json(service.mss) : Json(nullptr)},
          {"vhosts", is_stream ? Json(service.vhosts) : Json(nullptr)},
          {"routes", is_stream ? routes_json(service.routes) : Json(nullptr)},
          {"idle_timeout_s", service.idle_timeout_s}};
}

Json panics_json(const Operations& operations) {
  Json pools = Json::array();
  for (const PoolConfig& pool : operations.config().pools)
    if (operations.verdict_of(pool.name).panic) pools.push_back(pool.name);
  return pools;
}

Json checks_json(const CheckQueue& queue) {
  return {{"running", queue.running()}, {"waiting", queue.waiting()}, {"at_once", queue.at_once()}};
}

Json reload_json(const std::optional<ReloadResult>& reload) {
  if (!reload) return nullptr;
  return {{"at", time_text(reload->at)},
          {"ok", reload->error.empty()},
          {"error", reload->error.empty() ? Json(nullptr) : Json(reload->error)}};
}

}  // namespace

Json status_json(const Operations& operations) {
  const std::string& publish_error = operations.publish_error();
  return {{"version", operations.version()},
          {"generation", operations.generation()},
          {"uptime_s", operations.uptime_s()},
          {"config_file", operations.config_file()},
          {"workers", operations.engine().workers.size()},
          {"services", operations.config().services.size()},
          {"pools", operations.config().pools.size()},
          {"panic", panics_json(operations)},
          {"health_checks", checks_json(operations.check_queue())},
          {"last_reload", reload_json(operations.last_reload())},
          {"publish_error", publish_error.empty() ? Json(nullptr) : Json(publish_error)}};
}

Json services_json(const Operations& operations) {
  Json services = Json::array();
  for (const ServiceConfig& service : operations.config().services) {
    Json json = service_json(service);
    const auto backends = operations.backends(service.pool);
    json["backends"] = backends.size();
    json["backends_taking"] = std::count_if(backends.begin(), backends.end(),
                                            [](const BackendView& b) { return b.effective_weight > 0; });
    json.update(traffic_json(service_traffic(operations.engine(), service.name)));
    services.push_back(std::move(json));
  }
  return {{"services", services}};
}

Json pool_json(const Operations& operations, const std::string& name) {
  const PoolConfig& pool = pool_of(operations, name);
  const PoolVerdict& verdict = operations.verdict_of(name);
  Json backends = Json::array();
  for (const BackendView& backend : operations.backends(name)) backends.push_back(view_json(backend));
  return {{"pool", pool.name},
          {"pick", name_of(pool.pick)},
          {"client_timeout_s", pool.client_timeout_s},
          {"slow_start_s", pool.slow_start_s},
          {"panic_threshold", panic_threshold_text(pool.panic_threshold)},
          {"panic", verdict.panic},
          {"backends_eligible", verdict.eligible},
          {"backends_down", verdict.down},
          {"health", check_json(pool.health)},
          {"backends", backends}};
}

Json pools_json(const Operations& operations) {
  Json pools = Json::array();
  for (const PoolConfig& pool : operations.config().pools) pools.push_back(pool_json(operations, pool.name));
  return {{"pools", pools}};
}

Json backend_json(const Operations& operations, const std::string& pool, const lb::Endpoint& endpoint) {
  for (const BackendView& backend : operations.backends(pool))
    if (backend.endpoint == endpoint) return view_json(backend);
  return nullptr;
}

Json config_json(const Operations& operations) {
  Json overrides = Json::array();
  for (const PoolConfig& pool : operations.config().pools)
    for (const BackendView& b : operations.backends(pool.name)) {
      Json changes = Json::object();
      if (!b.config_weight) changes["added"] = true;
      if (b.override_weight) changes["weight"] = *b.override_weight;
      if (b.drain) changes["drain"] = drain_json(b);
      if (changes.empty()) continue;
      Json row{{"pool", pool.name}, {"backend", b.endpoint.to_string()}};
      row.update(changes);
      overrides.push_back(std::move(row));
    }
  return {{"file", operations.config_file()},
          {"generation", operations.generation()},
          {"config", config_as_json(operations.config())},
          {"overrides", overrides}};
}

}  // namespace control
