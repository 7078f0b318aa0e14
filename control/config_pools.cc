// SPDX-License-Identifier: MIT
// The section `pools`: backends, pick, slow start, panic; health checks, connection ids and ICE ufrags by their own readers.
#include <set>

#include "control/config_sections.h"
#include "control/limits.h"
#include "control/panic.h"
#include "lb/limits.h"
#include "lb/time.h"

namespace control {
namespace {

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

void read_panic_threshold(const YamlField& field, PanicThreshold& into) {
  const std::string wanted = "auto, or a share of the pool from 0% to 100%";
  const auto text = field.scalar(wanted);
  if (!text) return;
  const auto threshold = parse_panic_threshold(*text);
  if (!threshold) return field.refuse(quoted(*text) + " is no threshold; " + wanted + ", is wanted");
  into = *threshold;
}

PoolConfig read_pool(const std::string& name, const YamlField& section) {
  PoolConfig pool;
  pool.name = name;
  check_name(section, name);
  if (!section.is_map({"pick", "client_timeout", "health", "slow_start", "panic_threshold",
                       "reset_on_silence", "backends", "quic_lb", "ice_ufrag", "streams"}))
    return pool;
  section["pick"].choice(pool.pick, {{"maglev", lb::PickMethod::kMaglev},
                                     {"wrr", lb::PickMethod::kWrr},
                                     {"least-load", lb::PickMethod::kLeastLoad}});
  section["client_timeout"].seconds(pool.client_timeout_s, 1, lb::kMaxTimeoutS);
  if (section["health"].given()) pool.health = read_health(section["health"]);
  section["reset_on_silence"].boolean(pool.reset_on_silence);
  section["slow_start"].seconds(pool.slow_start_s, 0, 3600);
  read_panic_threshold(section["panic_threshold"], pool.panic_threshold);
  const YamlField backends = section.need("backends", "a list with at least one backend");
  std::set<lb::Endpoint> seen;
  for (const YamlField& item : backends.items()) {
    pool.backends.push_back(read_backend(item));
    const lb::Endpoint& endpoint = pool.backends.back().endpoint;
    if (!seen.insert(endpoint).second)
      item.refuse("backend " + endpoint.to_string() + " is given twice in this pool; keep one");
    if (pool.health && lacks_port(*pool.health, endpoint))
      section["health"].refuse("its port is missing; backend " + endpoint.to_string() +
                               " names none either, so port: N is wanted");
  }
  if (backends.given() && pool.backends.empty())
    backends.refuse("an empty pool; at least one backend is wanted");
  read_quic_lb(section["quic_lb"], pool);
  read_ice_ufrag(section["ice_ufrag"], pool);
  if (section["streams"].given()) pool.streams = read_stream_poll(section["streams"]);
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
