// SPDX-License-Identifier: MIT
// The section `pools`: backends, pick, health checks, connection ids, ICE ufrags.
#include <algorithm>
#include <set>

#include "control/config_sections.h"
#include "control/limits.h"
#include "lb/limits.h"
#include "lb/time.h"

namespace control {
namespace {

void read_http(const YamlField& section, HealthConfig& check) {
  const YamlField path = section["http"];
  if (const auto text = path.scalar("a path, as in /api/v1/versions,")) {
    check.type = HealthConfig::Type::kHttp;
    check.path = *text;
    if (!text->starts_with('/') ||
        std::any_of(text->begin(), text->end(), [](unsigned char c) { return c <= ' ' || c >= 0x7f; }))
      path.refuse(quoted(*text) + " is no path; one as in /api/v1/versions, without blanks, is wanted");
  }
  section["status"].number(check.status, 100, 599);
  const YamlField body = section["body"];
  if (const auto text = body.scalar("a text")) {
    check.body = *text;
    if (text->empty()) body.refuse("an empty text is in every body; leave it out");
  }
}

HealthConfig read_health(const YamlField& section) {
  HealthConfig check;
  if (!section.is_map(
          {"tcp", "http", "port", "status", "body", "interval", "fast_interval", "timeout", "rise", "fall"}))
    return check;
  const YamlField tcp = section["tcp"], http = section["http"];
  bool wants_tcp = false;
  tcp.boolean(wants_tcp);
  if (tcp.given() && !wants_tcp) tcp.refuse("false is not possible; leave it out, or health for no checks");
  if (tcp.given() && http.given()) http.refuse("tcp is given, too; one of them is wanted");
  for (const char* key : {"status", "body"})
    if (!http.given() && section[key].given())
      section[key].refuse("only http checks have it; http: /PATH is missing");
  read_http(section, check);
  section["port"].number(check.port, 1, 65535);
  section["interval"].milliseconds(check.interval_ms, 100, 3'600'000);
  const YamlField fast = section["fast_interval"];
  check.fast_interval_ms = std::min(check.fast_interval_ms, check.interval_ms);
  fast.milliseconds(check.fast_interval_ms, 100, 3'600'000);
  if (check.fast_interval_ms > check.interval_ms)
    fast.refuse("longer than interval; it is for looking again sooner");
  section["timeout"].milliseconds(check.timeout_ms, 10, 60'000);
  section["rise"].number(check.rise, 1, 100);
  section["fall"].number(check.fall, 1, 100);
  return check;
}

BackendConfig read_backend(const YamlField& item) {
  BackendConfig backend;
  const std::string wanted = "ADDRESS or ADDRESS:PORT ([ADDRESS]:PORT for IPv6)";
  if (!item.is_scalar() && !item.is_map({"address", "weight"})) return backend;
  const YamlField address = item.is_scalar() ? item : item.need("address", wanted);
  const auto text = address.scalar(wanted);
  if (!text) return backend;
  const auto endpoint = lb::Endpoint::parse(*text);
  if (!endpoint) {
    address.refuse(quoted(*text) + " is no backend; " + wanted + " is wanted");
    return backend;
  }
  backend.endpoint = *endpoint;
  if (!item.is_scalar()) item["weight"].number(backend.weight, 0, kMaxWeight);
  return backend;
}

PoolConfig read_pool(const std::string& name, const YamlField& section) {
  PoolConfig pool;
  pool.name = name;
  check_name(section, name);
  if (!section.is_map({"pick", "client_timeout", "health", "backends", "quic_lb", "ice_ufrag"})) return pool;
  section["pick"].choice(pool.pick, {{"maglev", lb::PickMethod::kMaglev},
                                     {"wrr", lb::PickMethod::kWrr},
                                     {"least-load", lb::PickMethod::kLeastLoad}});
  section["client_timeout"].seconds(pool.client_timeout_s, 1, lb::kMaxTimeoutS);
  if (section["health"].given()) pool.health = read_health(section["health"]);
  const YamlField backends = section.need("backends", "a list with at least one backend");
  std::set<lb::Endpoint> seen;
  for (const YamlField& item : backends.items()) {
    pool.backends.push_back(read_backend(item));
    const lb::Endpoint& endpoint = pool.backends.back().endpoint;
    if (!seen.insert(endpoint).second)
      item.refuse("backend " + endpoint.to_string() + " is given twice in this pool; keep one");
    if (pool.health && pool.health->port == 0 && endpoint.port == 0)
      section["health"].refuse("its port is missing; backend " + endpoint.to_string() +
                               " names none either, so port: N is wanted");
  }
  if (backends.given() && pool.backends.empty())
    backends.refuse("an empty pool; at least one backend is wanted");
  read_quic_lb(section["quic_lb"], pool);
  read_ice_ufrag(section["ice_ufrag"], pool);
  return pool;
}

}  // namespace

void read_pools(const YamlField& section, std::vector<PoolConfig>& into) {
  size_t backends = 0;
  for (const auto& [name, pool] : section.given() ? section.entries() : decltype(section.entries()){}) {
    into.push_back(read_pool(name, pool));
    backends += into.back().backends.size();
    if (into.size() > lb::kMaxPools) pool.refuse("more than " + std::to_string(lb::kMaxPools) + " pools");
    if (backends > lb::kMaxBackends)
      pool.refuse("more than " + std::to_string(lb::kMaxBackends) + " backends in all pools together");
  }
}

}  // namespace control
