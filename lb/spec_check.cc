// SPDX-License-Identifier: MIT
#include "lb/spec_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "lb/limits.h"
#include "lb/route_table.h"

namespace lb {
namespace {

constexpr uint32_t kMaxWeight = 1'000'000;

bool is_timeout(uint32_t seconds) { return seconds >= 1 && seconds <= kMaxTimeoutS; }
std::string timeout_range() { return " is not in 1.." + std::to_string(kMaxTimeoutS) + " s"; }
std::string name_of(const BackendSpec& backend) {
  return Endpoint{backend.address, backend.port}.to_string();
}

class Checker {
 public:
  explicit Checker(const SnapshotSpec& spec) : spec_(spec), routes_(spec.ports) {}

  Status run() {
    for (const auto step :
         {&Checker::check_ports, &Checker::check_lips, &Checker::check_pools, &Checker::check_services})
      if (Status status = (this->*step)(); !status) return status;
    return Nothing{};
  }

 private:
  Status check_ports() {
    if (spec_.ports.size() > kMaxPorts) return Error{"more than " + std::to_string(kMaxPorts) + " ports"};
    return Nothing{};
  }

  Status check_lips() {
    for (const IpAddress& lip : spec_.lips) {
      if (!lips_.insert(lip).second) return Error{"LIP " + lip.to_string() + " is given twice"};
      (lip.is_v4() ? has_lip_v4_ : has_lip_v6_) = true;
    }
    return Nothing{};
  }

  Status check_pools() {
    if (spec_.pools.size() > kMaxPools) return Error{"more than " + std::to_string(kMaxPools) + " pools"};
    for (const PoolSpec& pool : spec_.pools) {
      if (!pools_.emplace(pool.name, &pool).second) return Error{"pool " + pool.name + " is given twice"};
      if (!is_timeout(pool.client_timeout_s))
        return Error{"pool " + pool.name + ": its clients' time-out" + timeout_range()};
      std::set<Endpoint> seen;
      for (const BackendSpec& backend : pool.backends) {
        const std::string who = "pool " + pool.name + ": backend " + name_of(backend);
        if (!seen.insert({backend.address, backend.port}).second) return Error{who + " is given twice"};
        if (backend.weight > kMaxWeight)
          return Error{who + ": its weight is not in 0.." + std::to_string(kMaxWeight)};
      }
    }
    return Nothing{};
  }

  Status check_services() {
    if (spec_.services.size() > kMaxServices)
      return Error{"more than " + std::to_string(kMaxServices) + " services"};
    std::set<std::string> names;
    for (const ServiceSpec& service : spec_.services) {
      if (!names.insert(service.name).second) return Error{"service " + service.name + " is given twice"};
      if (Status status = check_service(service); !status) return status;
    }
    return check_overlaps();
  }

  Status check_service(const ServiceSpec& spec) const {
    const std::string name = "service " + spec.name;
    const auto pool = pools_.find(spec.pool);
    if (pool == pools_.end()) return Error{name + ": no pool is called " + spec.pool};
    if (spec.protocol != Protocol::kTcp && spec.protocol != Protocol::kUdp)
      return Error{name + ": its protocol is neither tcp nor udp"};
    if (spec.port_first == 0 || spec.port_first > spec.port_last)
      return Error{name + ": its port range is reversed"};
    if (spec.affinity == Affinity::kIce &&
        (spec.protocol != Protocol::kUdp || spec.port_first != spec.port_last))
      return Error{name + ": affinity ice is for one UDP port"};
    if (spec.reads_whip && (spec.protocol != Protocol::kTcp || spec.forward != Forward::kNat))
      return Error{name + ": WHIP can be read only of TCP in nat"};
    if (spec.affinity == Affinity::kStream &&
        (spec.protocol != Protocol::kTcp || spec.forward != Forward::kNat ||
         spec.port_first != spec.port_last || spec.proxy_protocol))
      return Error{name + ": affinity stream is for one TCP port in nat, without the PROXY protocol"};
    if (spec.affinity == Affinity::kSrt &&
        (spec.protocol != Protocol::kUdp || spec.forward != Forward::kNat ||
         spec.port_first != spec.port_last))
      return Error{name + ": affinity srt is for one UDP port in nat"};
    if (spec.proxy_protocol && (spec.protocol != Protocol::kTcp || spec.forward != Forward::kNat))
      return Error{name + ": the PROXY protocol is for TCP in nat"};
    if (spec.mss != 0 && (spec.protocol != Protocol::kTcp || spec.mss < kLeastMss || spec.mss > kMostMss))
      return Error{name + ": an MSS is of TCP, " + std::to_string(kLeastMss) + ".." +
                   std::to_string(kMostMss)};
    if (!is_timeout(spec.idle_timeout_s)) return Error{name + ": its idle time-out" + timeout_range()};
    if (lips_.contains(spec.vip))
      return Error{name + ": its VIP " + spec.vip.to_string() + " is a LIP, too; they must be apart"};
    if (Status status = check_routes(spec); !status) return status;
    return check_reach(spec, *pool->second);
  }

  // What else is in them, compile() finds.
  Status check_routes(const ServiceSpec& spec) const {
    const std::string name = "service " + spec.name;
    if (!goes_by_stream(spec.affinity) && !(spec.vhosts.empty() && spec.routes.empty()))
      return Error{name + ": vhosts and routes are for affinity stream and srt"};
    for (const StreamRouteSpec& route : spec.routes) {
      const auto pool = pools_.find(route.pool);
      if (pool == pools_.end()) return Error{name + ": no pool is called " + route.pool};
      if (Status status = check_reach(spec, *pool->second); !status) return status;
    }
    return Nothing{};
  }

  Status check_reach(const ServiceSpec& spec, const PoolSpec& pool) const {
    for (const BackendSpec& backend : pool.backends)
      if (Status status = check_reach(spec, backend); !status) return status;
    return Nothing{};
  }
  Status check_reach(const ServiceSpec& spec, const BackendSpec& backend) const {
    const std::string name = "service " + spec.name, who = name_of(backend);
    if (spec.forward == Forward::kDsr && backend.address.family() != spec.vip.family())
      return Error{name + ": backend " + who + " is not of the VIP's address family"};
    if (spec.forward != Forward::kDsr && !(backend.address.is_v4() ? has_lip_v4_ : has_lip_v6_))
      return Error{name + ": " + (is_tunnel(spec.forward) ? "a tunnel" : "nat") + " to backend " + who +
                   " needs a LIP of its address family in nat.addresses"};
    if (is_one_way(spec.forward) && backend.port != 0)
      return Error{name + ": only nat can change the port, but backend " + who + " names one"};
    if (spec.forward == Forward::kDsr && !routes_.on_link_port(backend.address))
      return Error{name + ": dsr needs backend " + who + " on a port's own network"};
    return Nothing{};
  }

  // Exact ports may not repeat, ranges may not touch each other.
  Status check_overlaps() const {
    std::vector<const ServiceSpec*> exact, ranges;
    for (const ServiceSpec& service : spec_.services)
      (service.port_first == service.port_last ? exact : ranges).push_back(&service);
    for (auto* services : {&exact, &ranges}) {
      std::sort(services->begin(), services->end(), [](const ServiceSpec* a, const ServiceSpec* b) {
        return std::tie(a->vip, a->protocol, a->port_first) < std::tie(b->vip, b->protocol, b->port_first);
      });
      for (size_t i = 1; i < services->size(); ++i) {
        const ServiceSpec &before = *(*services)[i - 1], &after = *(*services)[i];
        if (before.vip == after.vip && before.protocol == after.protocol &&
            after.port_first <= before.port_last)
          return Error{"service " + after.name + ": port " + std::to_string(after.port_first) + " of VIP " +
                       after.vip.to_string() + " belongs to service " + before.name};
      }
    }
    return Nothing{};
  }

  const SnapshotSpec& spec_;
  RouteTable routes_;
  std::set<IpAddress> lips_;
  bool has_lip_v4_ = false, has_lip_v6_ = false;
  std::map<std::string, const PoolSpec*> pools_;
};

}  // namespace

Status check(const SnapshotSpec& spec) { return Checker(spec).run(); }

}  // namespace lb
