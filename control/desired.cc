// SPDX-License-Identifier: MIT
#include "control/desired.h"

#include <algorithm>
#include <map>
#include <utility>

#include "control/panic.h"

namespace control {
namespace {

// Before health has its say.
struct Wanted {
  lb::Endpoint endpoint;
  uint32_t weight = 0;  // 0 while it drains
};

std::vector<Wanted> wanted_backends(const PoolConfig& pool, const Overrides& overrides) {
  std::map<lb::Endpoint, const BackendOverride*> changed;
  for (const BackendOverride& o : overrides.backends)
    if (o.pool == pool.name) changed[o.endpoint] = &o;
  std::vector<Wanted> wanted;
  const auto add = [&](const lb::Endpoint& endpoint, uint32_t weight, const BackendOverride* o) {
    if (o != nullptr) weight = o->drain ? 0 : o->weight.value_or(weight);
    wanted.push_back({endpoint, weight});
  };
  for (const BackendConfig& backend : pool.backends) {
    const auto found = changed.find(backend.endpoint);
    add(backend.endpoint, backend.weight, found == changed.end() ? nullptr : found->second);
    if (found != changed.end()) changed.erase(found);
  }
  for (const BackendOverride& o : overrides.backends)
    if (const auto found = changed.find(o.endpoint); o.added && o.pool == pool.name && found != changed.end())
      add(o.endpoint, BackendConfig{}.weight, &o);
  return wanted;
}

// Shares are percentages: of weights a hundred times as large they are whole numbers.
constexpr uint32_t kShareScale = 100;

PoolVerdict weigh(const PoolConfig& pool, const Overrides& overrides, const StandingOf& standing_of,
                  std::vector<lb::BackendSpec>& into) {
  const std::vector<Wanted> wanted = wanted_backends(pool, overrides);
  std::vector<Standing> standings;
  PoolVerdict verdict{.pool = pool.name};
  bool any_starts = false;
  size_t gone = 0;  // who is not down yet, but does not answer either, counts
  for (const Wanted& backend : wanted) {
    const Standing standing = standings.emplace_back(standing_of(pool.name, backend.endpoint));
    if (backend.weight == 0) continue;
    ++verdict.eligible;
    verdict.down += standing.healthy ? 0 : 1;
    gone += standing.healthy && standing.unanswered_ms == 0 ? 0 : 1;
    any_starts |= standing.healthy && standing.share_percent < 100;
  }
  verdict.panic = is_panic(pool.panic_threshold, verdict.eligible, verdict.down);
  if (any_starts && !verdict.panic) verdict.scale = kShareScale;
  // When most are silent at once, the fault may lie between them and here.
  verdict.cut_off = is_panic(pool.panic_threshold, verdict.eligible, gone);
  const bool resets = pool.reset_on_silence && !verdict.cut_off;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const uint32_t share = verdict.scale == 1 ? 1 : standings[i].share_percent;
    const uint32_t weight = verdict.panic || standings[i].healthy ? wanted[i].weight * share : 0;
    into.push_back({wanted[i].endpoint.address, wanted[i].endpoint.port, weight,
                    resets ? standings[i].unanswered_ms : 0, resets && standings[i].silent});
  }
  return verdict;
}

lb::PoolSpec pool_spec(const PoolConfig& pool) {
  lb::PoolSpec spec;
  spec.name = pool.name;
  spec.pick = pool.pick;
  spec.client_timeout_s = pool.client_timeout_s;
  spec.quic_lb = pool.quic_lb;
  spec.ufrag = pool.ice_ufrag;
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
  spec.proxy_protocol = service.proxy_protocol;
  spec.mss = service.mss;
  spec.vhosts = service.vhosts;
  spec.routes = service.routes;
  return spec;
}

}  // namespace

std::vector<lb::PortSpec> port_specs(const Config& config) {
  std::vector<lb::PortSpec> specs;
  const std::vector<PortConfig>& ports = config.dataplane.ports;
  for (const PortConfig& port : ports) {
    const auto first = std::find_if(ports.begin(), ports.end(),
                                    [&](const PortConfig& p) { return p.device == port.device; });
    const lb::PortTag tag{static_cast<lb::PortIndex>(first - ports.begin()), port.vlan};
    specs.push_back({port.name, port.addresses, port.gateway_v4, port.gateway_v6, port.neighbours, tag});
  }
  return specs;
}

Desired desired_state(const Config& config, const Overrides& overrides, const StandingOf& standing_of) {
  Desired desired;
  lb::SnapshotSpec& spec = desired.spec;
  spec.ports = port_specs(config);
  spec.lips = config.lips;
  spec.timeouts = config.timeouts;
  for (const PoolConfig& pool : config.pools) {
    spec.pools.push_back(pool_spec(pool));
    desired.verdicts.push_back(weigh(pool, overrides, standing_of, spec.pools.back().backends));
  }
  for (const ServiceConfig& service : config.services) spec.services.push_back(service_spec(service));
  spec.pick_seed = config.pick_seed;
  return desired;
}

}  // namespace control
