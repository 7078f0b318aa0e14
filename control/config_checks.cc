// SPDX-License-Identifier: MIT
// What no section of the configuration can see alone (docs/config.md, "Checks across sections").
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "control/config_sections.h"
#include "control/config_text.h"
#include "control/desired.h"
#include "control/nearest.h"
#include "lb/route_table.h"

namespace control {
namespace {

std::string family_name(const lb::IpAddress& address) { return address.is_v4() ? "IPv4" : "IPv6"; }

std::string item(const std::string& list, size_t i, const std::string& field = "") {
  return list + "[" + std::to_string(i) + "]" + (field.empty() ? "" : "." + field);
}

// The network's own and the broadcast address of an IPv4 network are no host's.
bool is_network_or_broadcast(const lb::Prefix& prefix, const lb::IpAddress& address) {
  if (!prefix.address.is_v4() || prefix.length > 30 || !prefix.contains(address)) return false;
  return address == prefix.network() || (address.low() | prefix.mask().low()) == ~uint64_t{0};
}

class Checks {
 public:
  Checks(const Config& config, const YamlField& root, YamlFile& file)
      : config_(config), root_(root), file_(file), routes_(port_specs(config)) {}

  void run() {
    for (size_t i = 0; i < config_.dataplane.ports.size(); ++i) check_port(i);
    check_lips();
    for (const PoolConfig& pool : config_.pools) check_pool(pool);
    for (size_t i = 0; i < config_.services.size(); ++i) check_service(i);
  }

 private:
  void check_port(size_t i) {
    const PortConfig& port = config_.dataplane.ports[i];
    const std::string field = item("dataplane.ports", i);
    for (size_t j = 0; j < i; ++j) {
      const PortConfig& other = config_.dataplane.ports[j];
      if (other.name == port.name) file_.refuse(field + ".name", "port " + port.name + " is given twice");
      if (other.device == port.device && other.vlan == port.vlan)
        file_.refuse(field + ".device",
                     port.device + " is port " + other.name + "'s, too" +
                         (port.vlan == 0 ? "" : ", with VLAN " + std::to_string(port.vlan)) +
                         "; ports on one device want a `vlan` each, and one may do without");
      if (other.device == port.device && other.mtu != port.mtu)
        file_.refuse(field + ".mtu", port.device + " is port " + other.name +
                                         "'s, too, and a device has one MTU; give both ports the same");
    }
    for (size_t a = 0; a < port.addresses.size(); ++a)
      check_address(port, item(field + ".address", a), port.addresses[a]);
    for (const auto& gateway : {port.gateway_v4, port.gateway_v6})
      if (gateway) check_gateway(port, field + ".gateway", *gateway);
    for (size_t n = 0; n < port.neighbours.size(); ++n)
      if (!on_link(port, port.neighbours[n].address))
        file_.refuse(item(field + ".neighbours", n, "address"),
                     port.neighbours[n].address.to_string() + " is on no network of port " + port.name);
  }

  void check_address(const PortConfig& port, const std::string& field, const lb::Prefix& prefix) {
    const std::string address = prefix.address.to_string();
    if (is_network_or_broadcast(prefix, prefix.address))
      file_.refuse(field,
                   prefix.to_string() + " is the network's own or its broadcast address; a host's is wanted");
    if (const auto [owner, fresh] = own_.emplace(prefix.address, port.name); !fresh)
      file_.refuse(field, address + " is given twice; port " + owner->second + " has it");
    const auto key = std::make_pair(prefix.network(), prefix.length);
    if (const auto [owner, fresh] = networks_.emplace(key, port.name); !fresh && owner->second != port.name)
      file_.refuse(field, "the network of " + prefix.to_string() + " is port " + owner->second +
                              "'s, too; each port wants a network of its own");
  }

  void check_gateway(const PortConfig& port, const std::string& field, const lb::IpAddress& gateway) {
    if (!on_link(port, gateway))
      file_.refuse(field, gateway.to_string() + " is on no network of port " + port.name +
                              "; a gateway must share one with it");
    for (const lb::Prefix& own : port.addresses)
      if (own.address == gateway) file_.refuse(field, gateway.to_string() + " is the port's own address");
    if (const auto [owner, fresh] = gateway_ports_.emplace(gateway.family(), port.name); !fresh)
      file_.refuse(field,
                   "a second " + family_name(gateway) + " gateway; port " + owner->second + " has one");
    gateways_.insert(gateway);
  }

  static bool on_link(const PortConfig& port, const lb::IpAddress& address) {
    return std::any_of(port.addresses.begin(), port.addresses.end(),
                       [&](const lb::Prefix& own) { return own.contains(address); });
  }

  // "", or why `address` cannot be Cleat's own.
  std::string taken(const lb::IpAddress& address) const {
    const std::string text = address.to_string();
    if (const auto owner = own_.find(address); owner != own_.end())
      return text + " is the own address of port " + owner->second +
             ", which the kernel answers for; another is wanted";
    if (gateways_.contains(address)) return text + " is a gateway; another is wanted";
    for (const PortConfig& port : config_.dataplane.ports)
      for (const lb::Prefix& prefix : port.addresses)
        if (is_network_or_broadcast(prefix, address))
          return text + " is the network or broadcast address of " + prefix.to_string() +
                 "; a host's is wanted";
    return "";
  }

  void check_lips() {
    for (const lb::IpAddress& lip : config_.lips) {
      lips_.insert(lip);
      has_lip_[lip.is_v4() ? 0 : 1] = true;
      if (const std::string why = taken(lip); !why.empty()) file_.refuse(lip_field(lip), why);
    }
  }

  // The item of nat.addresses that holds `lip`.
  std::string lip_field(const lb::IpAddress& lip) const {
    for (const YamlField& field : root_["nat"]["addresses"].items(true)) {
      const std::string text = field.scalar("").value_or("");
      const auto prefix = lb::Prefix::parse(text);
      if (prefix ? prefix->contains(lip) : lb::IpAddress::parse(text) == lip) return field.name();
    }
    return "nat.addresses";
  }

  void check_pool(const PoolConfig& pool) {
    for (size_t i = 0; i < pool.backends.size(); ++i) {
      const lb::IpAddress& address = pool.backends[i].endpoint.address;
      const std::string field = item("pools." + pool.name + ".backends", i, "address");
      if (own_.contains(address) || lips_.contains(address))
        file_.refuse(field, address.to_string() + " is this balancer's own; a backend is another host");
      if (!routes_.find(address))
        file_.refuse(field, address.to_string() + " is on no port's network and there is no " +
                                family_name(address) +
                                " gateway; a port with an address beside it, or a gateway, is wanted");
    }
  }

  void check_service(size_t i) {
    const ServiceConfig& service = config_.services[i];
    if (const std::string why = taken(service.vip); !why.empty())
      file_.refuse(item("services", i, "vip"), why);
    if (lips_.contains(service.vip))
      file_.refuse(item("services", i, "vip"),
                   service.vip.to_string() + " is also one of nat.addresses; a VIP and a LIP must differ");
    check_listener(i);
    const PoolConfig* pool = pool_called(service.pool);
    if (pool == nullptr) return refuse_pool(item("services", i, "pool"), service.pool);
    for (const BackendConfig& backend : pool->backends) check_backend(i, *pool, backend.endpoint);
    check_routes(i);
    if (lb::has_connection_ids(service.affinity) && pool->quic_lb.empty())
      file_.refuse(item("services", i, "affinity"),
                   std::string(name_of(service.affinity)) + " wants quic_lb in pool " + pool->name +
                       ", which says how its servers make connection ids (docs/quic.md)");
  }

  [[nodiscard]] const PoolConfig* pool_called(const std::string& name) const {
    const auto pool = std::find_if(config_.pools.begin(), config_.pools.end(),
                                   [&](const PoolConfig& p) { return p.name == name; });
    return pool == config_.pools.end() ? nullptr : &*pool;
  }

  void refuse_pool(const std::string& field, const std::string& wanted) {
    std::vector<std::string> names;
    for (const PoolConfig& pool : config_.pools) names.push_back(pool.name);
    file_.refuse(field, "no pool is called " + quoted(wanted) + "; " + suggestion(wanted, names));
  }

  void check_routes(size_t i) {
    const std::vector<lb::StreamRouteSpec>& routes = config_.services[i].routes;
    for (size_t r = 0; r < routes.size(); ++r) {
      const PoolConfig* pool = pool_called(routes[r].pool);
      if (pool == nullptr) return refuse_pool(item(item("services", i, "routes"), r, "pool"), routes[r].pool);
      for (const BackendConfig& backend : pool->backends) check_backend(i, *pool, backend.endpoint);
    }
  }

  // An exact port may lie in a range of another service and beats it.
  void check_listener(size_t i) {
    const ServiceConfig& s = config_.services[i];
    const bool exact = s.port_first == s.port_last;
    auto& taken = listeners_[{s.vip, s.protocol, exact}];
    const auto after = taken.upper_bound(s.port_last);
    if (after != taken.begin()) {
      const ServiceConfig& before = config_.services[std::prev(after)->second];
      if (before.port_last >= s.port_first)
        file_.refuse(item("services", i, "vip"),
                     "VIP " + s.vip.to_string() + " with this protocol and port is service " + before.name +
                         "'s already; another VIP or port is wanted");
    }
    taken.emplace(s.port_first, i);
  }

  void check_backend(size_t i, const PoolConfig& pool, const lb::Endpoint& backend) {
    const ServiceConfig& service = config_.services[i];
    const std::string who = "backend " + backend.to_string() + " of pool " + pool.name;
    if (backend.address == service.vip) file_.refuse(item("services", i, "vip"), who + " is the VIP itself");
    const bool tunnel = lb::is_tunnel(service.forward);
    if (service.forward == lb::Forward::kDsr && backend.address.family() != service.vip.family())
      file_.refuse(item("services", i, "pool"), who + " is " + family_name(backend.address) + ", the VIP " +
                                                    family_name(service.vip) +
                                                    "; dsr needs a pool of the VIP's family, nat translates");
    if (service.forward != lb::Forward::kDsr && !has_lip_[backend.address.is_v4() ? 0 : 1])
      file_.refuse(item("services", i), std::string(tunnel ? "a tunnel" : "nat") +
                                            " needs a local address (LIP) of the backends' family; an " +
                                            family_name(backend.address) +
                                            " address in nat.addresses, or forward: dsr, is wanted");
    if (lb::is_one_way(service.forward) && backend.port != 0)
      file_.refuse(item("services", i, "forward"), "only nat can change the port, but " + who +
                                                       " names one; forward: nat, or backends without ports, "
                                                       "are wanted");
    if (service.forward != lb::Forward::kDsr) return;
    if (!routes_.on_link_port(backend.address))
      file_.refuse(item("services", i, "forward"), "dsr needs its backends on a port's own network, " + who +
                                                       " is not; forward: nat is wanted");
  }

  const Config& config_;
  const YamlField& root_;
  YamlFile& file_;
  const lb::RouteTable routes_;
  std::map<lb::IpAddress, std::string> own_;
  std::map<std::pair<lb::IpAddress, uint8_t>, std::string> networks_;
  std::map<lb::Family, std::string> gateway_ports_;
  std::set<lb::IpAddress> gateways_, lips_;
  bool has_lip_[2] = {false, false};
  // First port -> service; exact ports and ranges apart.
  std::map<std::tuple<lb::IpAddress, lb::Protocol, bool>, std::map<uint16_t, size_t>> listeners_;
};

}  // namespace

void check_config(const Config& config, const YamlField& root, YamlFile& file) {
  Checks(config, root, file).run();
}

}  // namespace control
