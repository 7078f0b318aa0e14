// SPDX-License-Identifier: MIT
#include "control/config_text.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/duration.h"
#include "control/hex.h"
#include "control/hidden_keys.h"
#include "control/panic.h"
#include "control/payload.h"

namespace control {
namespace {

using Json = nlohmann::ordered_json;

std::string seconds_text(uint32_t value_s) { return duration_text(uint64_t{value_s} * 1000); }

Json port_json(const PortConfig& port) {
  Json json{{"name", port.name}, {"device", port.device}};
  if (port.vlan != 0) json["vlan"] = port.vlan;
  json["address"] = Json::array();
  for (const lb::Prefix& address : port.addresses) json["address"].push_back(address.to_string());
  for (const auto& gateway : {port.gateway_v4, port.gateway_v6})
    if (gateway) json["gateway"].push_back(gateway->to_string());
  for (const lb::StaticNeighbour& n : port.neighbours)
    json["neighbours"].push_back({{"address", n.address.to_string()}, {"mac", n.mac.to_string()}});
  if (port.mtu != 0) json["mtu"] = port.mtu;
  json["buffers"] = port.buffers;
  return json;
}

Json health_json(const HealthConfig& check) {
  Json json = question_json(check);
  json["interval"] = duration_text(check.interval_ms);
  json["fast_interval"] = duration_text(check.fast_interval_ms);
  json["timeout"] = duration_text(check.timeout_ms);
  json["rise"] = check.rise;
  json["fall"] = check.fall;
  return json;
}

Json quic_lb_json(const lb::QuicLbSpec& spec) {
  Json json{{"config_id", spec.config.config_id},
            {"server_id_length", spec.config.server_id_length},
            {"nonce_length", spec.config.nonce_length}};
  if (spec.config.key) json["key"] = kHiddenKey;
  if (spec.config.encodes_length) json["encodes_length"] = true;
  json["servers"] = Json::object();
  for (const lb::QuicLbSpec::Server& server : spec.servers)
    json["servers"][to_hex(server.id.view())] = server.backend.to_string();
  return json;
}

Json ice_ufrag_json(const lb::UfragSpec& spec) {
  Json json{{"key", kHiddenKey}, {"servers", Json::object()}};
  for (const lb::UfragSpec::Server& server : spec.servers)
    json["servers"][std::to_string(server.id)] = server.backend.to_string();
  return json;
}

Json pool_json(const PoolConfig& pool) {
  Json json{{"pick", name_of(pool.pick)}, {"client_timeout", seconds_text(pool.client_timeout_s)}};
  json["reset_on_silence"] = pool.reset_on_silence;
  json["slow_start"] = seconds_text(pool.slow_start_s);
  json["panic_threshold"] = panic_threshold_text(pool.panic_threshold);
  if (pool.health) json["health"] = health_json(*pool.health);
  json["backends"] = Json::array();
  for (const BackendConfig& backend : pool.backends)
    json["backends"].push_back({{"address", backend.endpoint.to_string()}, {"weight", backend.weight}});
  for (const lb::QuicLbSpec& spec : pool.quic_lb) json["quic_lb"].push_back(quic_lb_json(spec));
  if (pool.ice_ufrag) json["ice_ufrag"] = ice_ufrag_json(*pool.ice_ufrag);
  if (pool.streams)
    json["streams"] = {{"http", pool.streams->path},
                       {"port", pool.streams->port},
                       {"interval", duration_text(pool.streams->interval_ms)},
                       {"timeout", duration_text(pool.streams->timeout_ms)}};
  return json;
}

Json service_json(const ServiceConfig& service) {
  Json json{{"name", service.name},
            {"vip", service.vip.to_string()},
            {"protocol", name_of(service.protocol)},
            {"port", ports_of(service)},
            {"pool", service.pool},
            {"forward", name_of(service.forward)},
            {"affinity", name_of(service.affinity)},
            {"idle_timeout", seconds_text(service.idle_timeout_s)}};
  if (service.affinity == lb::Affinity::kIce) json["ice"] = ice_json(service.ice);
  if (service.reads_whip) json["reads"] = "whip";
  if (service.proxy_protocol) json["proxy_protocol"] = "v2";
  if (service.mss != 0) json["mss"] = service.mss;
  if (!service.vhosts.empty()) json["vhosts"] = service.vhosts;
  if (!service.routes.empty()) json["routes"] = routes_json(service.routes);
  return json;
}

bool is_plain(const Json& json) { return !json.is_structured(); }

// Depth counts from the top: sections and their fields have a line each.
void emit(YAML::Emitter& out, const Json& json, unsigned depth) {
  if (json.is_structured()) {
    const bool short_one =
        depth > 1 && std::all_of(json.begin(), json.end(), [](const Json& value) {
          return is_plain(value) || (value.is_array() && std::all_of(value.begin(), value.end(), is_plain));
        });
    out << (short_one ? YAML::Flow : YAML::Block);
  }
  if (json.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, value] : json.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, value, depth + 1);
    }
    out << YAML::EndMap;
  } else if (json.is_array()) {
    out << YAML::BeginSeq;
    for (const Json& value : json) emit(out, value, depth + 1);
    out << YAML::EndSeq;
  } else if (json.is_string()) {
    out << json.get<std::string>();
  } else if (json.is_boolean()) {
    out << json.get<bool>();
  } else {
    out << json.get<uint64_t>();
  }
}

}  // namespace

Json question_json(const HealthConfig& check) {
  Json json;
  switch (check.type) {
    case HealthConfig::Type::kTcp:
      json["tcp"] = true;
      break;
    case HealthConfig::Type::kHttp:
      json["http"] = check.path;
      if (check.status != 0) json["status"] = check.status;
      if (!check.body.empty()) json["body"] = check.body;
      break;
    case HealthConfig::Type::kUdp:
      json["udp"] = true;
      json["send"] = payload_text(check.send);
      json["answer"] = check.answer_required ? "required" : "optional";
      if (!check.begins.empty()) json["begins"] = payload_text(check.begins);
      if (!check.contains.empty()) json["contains"] = payload_text(check.contains);
      break;
    case HealthConfig::Type::kIcmp:
      json["icmp"] = true;
      break;
  }
  if (check.port != 0) json["port"] = check.port;
  return json;
}

Json ice_json(const lb::IceSpec& ice) {
  return {{"ufrag", ice.ufrag},
          {"whip", ice.whip},
          {"ask", ice.ask},
          {"hash", ice.hash},
          {"stun_integrity", ice.servers_check_integrity ? "enforced" : "ignored"}};
}

Json routes_json(const std::vector<lb::StreamRouteSpec>& routes) {
  Json json = Json::array();
  for (const lb::StreamRouteSpec& route : routes) {
    Json& one = json.emplace_back(Json::object());
    if (!route.vhost.empty()) one["vhost"] = route.vhost;
    if (!route.app.empty()) one["app"] = route.app;
    one["pool"] = route.pool;
  }
  return json;
}

std::string_view name_of(lb::Protocol protocol) { return protocol == lb::Protocol::kTcp ? "tcp" : "udp"; }
std::string_view name_of(lb::Forward forward) {
  switch (forward) {
    case lb::Forward::kNat:
      return "nat";
    case lb::Forward::kDsr:
      return "dsr";
    case lb::Forward::kIpip:
      return "ipip";
    case lb::Forward::kGue:
      return "gue";
  }
  return "?";
}
std::string_view name_of(lb::Affinity affinity) {
  switch (affinity) {
    case lb::Affinity::kTuple:
      return "tuple";
    case lb::Affinity::kSourceIp:
      return "source-ip";
    case lb::Affinity::kQuic:
      return "quic";
    case lb::Affinity::kDtls:
      return "dtls";
    case lb::Affinity::kIce:
      return "ice";
    case lb::Affinity::kStream:
      return "stream";
    case lb::Affinity::kSrt:
      return "srt";
  }
  return "tuple";
}
std::string_view name_of(lb::PickMethod pick) {
  switch (pick) {
    case lb::PickMethod::kMaglev:
      return "maglev";
    case lb::PickMethod::kWrr:
      return "wrr";
    case lb::PickMethod::kLeastLoad:
      return "least-load";
  }
  return "maglev";
}

std::string ports_of(const ServiceConfig& service) {
  if (service.port_first == 1 && service.port_last == 65535) return "any";
  if (service.port_first == service.port_last) return std::to_string(service.port_first);
  return std::to_string(service.port_first) + "-" + std::to_string(service.port_last);
}

Json config_as_json(const Config& config) {
  const DataplaneConfig& d = config.dataplane;
  Json json{{"dataplane",
             {{"workers", d.workers == 0 ? Json("auto") : Json(d.workers)},
              {"state", d.state},
              {"flows_v4", d.flows_v4},
              {"flows_wide", d.flows_wide},
              {"sessions", d.sessions},
              {"streams", d.streams},
              {"peeks", d.peeks},
              {"punt", d.punt},
              {"ports", Json::array()}}}};
  for (const PortConfig& port : d.ports) json["dataplane"]["ports"].push_back(port_json(port));
  for (const lb::IpAddress& lip : config.lips) json["nat"]["addresses"].push_back(lip.to_string());
  if (!config.lips.empty())
    json["nat"]["timeouts"] = {{"syn", seconds_text(config.timeouts.syn_s)},
                               {"half_closed", seconds_text(config.timeouts.half_closed_s)},
                               {"closed", seconds_text(config.timeouts.closed_s)},
                               {"unanswered_udp", seconds_text(config.timeouts.unanswered_udp_s)}};
  for (const PoolConfig& pool : config.pools) json["pools"][pool.name] = pool_json(pool);
  json["services"] = Json::array();
  for (const ServiceConfig& service : config.services) json["services"].push_back(service_json(service));
  json["health"]["at_once"] = config.checks_at_once;
  json["api"]["listen"] = "unix:" + config.api.unix_path;
  if (const auto& tcp = config.api.tcp)
    json["api"]["tcp"] = {{"listen", tcp->listen.to_string()}, {"token_file", tcp->token_file}};
  json["seed"] = config.pick_seed;
  return json;
}

std::string yaml_text(const Json& json) {
  YAML::Emitter out;
  emit(out, json, 0);
  return std::string(out.c_str()) + "\n";
}

}  // namespace control
