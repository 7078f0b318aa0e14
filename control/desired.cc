// SPDX-License-Identifier: MIT
#include "control/desired.h"

#include <map>
#include <utility>

namespace control {
namespace {

lb::PoolSpec pool_spec(const PoolConfig& pool, const Overrides& overrides, const Healthy& healthy) {
  std::map<lb::Endpoint, const BackendOverride*> changed;
  for (const BackendOverride& o : overrides.backends)
    if (o.pool == pool.name) changed[o.endpoint] = &o;

  lb::PoolSpec spec;
  spec.name = pool.name;
  spec.pick = pool.pick;
  spec.client_timeout_s = pool.client_timeout_s;
  spec.quic_lb = pool.quic_lb;
  spec.ufrag = pool.ice_ufrag;
  const auto add = [&](const lb::Endpoint& endpoint, uint32_t weight, const BackendOverride* o) {
    if (o != nullptr) weight = o->weight.value_or(weight);
    const bool takes_new = healthy(pool.name, endpoint) && (o == nullptr || !o->drain);
    spec.backends.push_back({endpoint.address, endpoint.port, takes_new ? weight : 0});
  };
  for (const BackendConfig& backend : pool.backends) {
    const auto found = changed.find(backend.endpoint);
    add(backend.endpoint, backend.weight, found == changed.end() ? nullptr : found->second);
    if (found != changed.end()) changed.erase(found);
  }
  for (const BackendOverride& o : overrides.backends)
    if (const auto found = changed.find(o.endpoint); o.added && o.pool == pool.name && found != changed.end())
      add(o.endpoint, BackendConfig{}.weight, &o);
  return spec;
}

lb::ServiceSpec service_spec(const ServiceConfig& service) {
  lb::ServiceSpec spec;
  spec.name = service.name;
  spec.vip = service.vip;
  spec.protocol = service.protocol;
  spec.port_first = service.port_first;
  spec.port_last = service.port_last;
  spec.pool = service.pool;
  spec.forward = service.forward;
  spec.affinity = service.affinity;
  spec.idle_timeout_s = service.idle_timeout_s;
  spec.ice = service.ice;
  spec.reads_whip = service.reads_whip;
  return spec;
}

}  // namespace

std::vector<lb::PortSpec> port_specs(const Config& config) {
  std::vector<lb::PortSpec> specs;
  for (const PortConfig& port : config.dataplane.ports)
    specs.push_back({port.name, port.addresses, port.gateway_v4, port.gateway_v6, port.neighbours});
  return specs;
}

lb::SnapshotSpec desired_state(const Config& config, const Overrides& overrides, const Healthy& healthy) {
  lb::SnapshotSpec spec;
  spec.ports = port_specs(config);
  spec.lips = config.lips;
  for (const PoolConfig& pool : config.pools) spec.pools.push_back(pool_spec(pool, overrides, healthy));
  for (const ServiceConfig& service : config.services) spec.services.push_back(service_spec(service));
  spec.pick_seed = config.pick_seed;
  return spec;
}

}  // namespace control
