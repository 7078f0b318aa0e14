// SPDX-License-Identifier: MIT
#include "tools/bench_setup.h"

#include <algorithm>
#include <bit>
#include <string>

namespace bench {
namespace {

// Flows that a batch opens, closed again after it.
constexpr uint64_t kPassingFlows = 4096;
// Sessions that come and go beside those that stay; a tenth of them may be unanswered.
constexpr uint64_t kPassingSessions = 12 * 4096;

lb::IpAddress ip(const std::string& text) { return lb::IpAddress::parse(text).value(); }

// Hosts in the network of the port inside.
constexpr uint32_t kFirstBackend = 0x1000, kFirstLip = 0x4000;

lb::IpAddress inside(bool v6, uint32_t host) {
  if (v6) return lb::IpAddress::of_words(ip("2001:db8:20::").high(), host);
  return lb::IpAddress::v4(lb::be32::of(0x0a140000U + host));
}

lb::PortSpec port(const char* name, const char* v4, const char* v6) {
  lb::PortSpec spec;
  spec.name = name;
  spec.addresses = {*lb::Prefix::parse(v4), *lb::Prefix::parse(v6)};
  return spec;
}

bool has_affinity(const Setup& setup, lb::Affinity affinity) {
  return std::any_of(setup.services.begin(), setup.services.end(),
                     [affinity](const ServiceSetup& s) { return s.affinity == affinity; });
}

// Room for half as many flows again as need a slot.
unsigned lips_for(const Setup& setup) {
  uint64_t flows = 0;
  for (const ServiceSetup& service : setup.services)
    if (!lb::is_one_way(service.forward)) flows += setup.until_full ? setup.entries : service.flows;
  return static_cast<unsigned>(flows * 3 / 2 / lb::kLocalPorts + 2);
}

lb::PoolSpec pool_of(const Setup& setup) {
  lb::PoolSpec pool;
  pool.name = "srs";
  for (unsigned n = 0; n < setup.backends; ++n)
    pool.backends.push_back({backend_address(setup.v6, n), 0, 100});
  if (!has_affinity(setup, lb::Affinity::kQuic)) return pool;
  lb::QuicLbSpec ids{config_of(setup.cids), {}};
  for (unsigned n = 0; n < setup.backends; ++n)
    ids.servers.push_back({server_id_of(setup.cids, n), {backend_address(setup.v6, n), 0}});
  pool.quic_lb = {ids};
  return pool;
}

lb::ServiceSpec service_of(const ServiceSetup& setup, bool v6, ServiceIndex index) {
  lb::ServiceSpec service;
  service.name = "service-" + std::to_string(index);
  service.vip = ip(v6 ? "2001:db8:10::100" : "10.10.0.100");
  service.protocol = setup.protocol;
  service.port_first = service.port_last = vip_port(index);
  service.pool = "srs";
  service.forward = setup.forward;
  service.affinity = setup.affinity;
  service.ice.ask = false;
  if (setup.affinity == lb::Affinity::kIce)
    service.idle_timeout_s = lb::kMaxTimeoutS;  // for the clock may run fast
  return service;
}

}  // namespace

uint64_t Setup::flows() const {
  uint64_t sum = 0;
  for (const ServiceSetup& service : services) sum += service.flows;
  return sum;
}

lb::IpAddress backend_address(bool v6, unsigned n) { return inside(v6, kFirstBackend + n); }
lb::IpAddress gateway_address(bool v6) { return ip(v6 ? "2001:db8:10::1" : "10.10.0.1"); }

lb::SnapshotSpec spec_of(const Setup& setup) {
  lb::SnapshotSpec spec;
  spec.ports = {port("outside", "10.10.0.2/24", "2001:db8:10::2/64"),
                port("inside", "10.20.0.2/16", "2001:db8:20::2/64")};
  spec.ports[kOutside].gateway_v4 = gateway_address(false);
  spec.ports[kOutside].gateway_v6 = gateway_address(true);
  for (unsigned i = 0; i < lips_for(setup); ++i) spec.lips.push_back(inside(setup.v6, kFirstLip + i));
  spec.pools = {pool_of(setup)};
  for (const ServiceSetup& service : setup.services)
    spec.services.push_back(service_of(service, setup.v6, static_cast<ServiceIndex>(spec.services.size())));
  spec.pick_seed = 1;
  return spec;
}

lb::SegmentGeometry geometry_of(const Setup& setup) {
  const uint64_t wanted =
      std::bit_ceil(std::max(setup.flows() * 25 / 16, (setup.flows() + kPassingFlows) * 5 / 4));
  const auto entries = setup.entries != 0 ? setup.entries : static_cast<uint32_t>(wanted);
  lb::SegmentGeometry geometry{.flows_v4 = 1024, .flows_wide = 1024, .lips = lips_for(setup)};
  (setup.v6 ? geometry.flows_wide : geometry.flows_v4) = entries;
  uint64_t sessions = 0;
  for (const ServiceSetup& service : setup.services)
    if (service.affinity == lb::Affinity::kIce) sessions += service.flows;
  if (sessions != 0)
    geometry.sessions = static_cast<uint32_t>(std::bit_ceil(sessions * 5 / 4 + kPassingSessions));
  return geometry;
}

}  // namespace bench
