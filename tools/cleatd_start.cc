// SPDX-License-Identifier: MIT
#include "tools/cleatd_start.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "control/desired.h"
#include "dataplane/clock.h"
#include "lb/compile.h"
#include "lb/slot_share.h"

namespace cleatd {
namespace {

constexpr uint32_t kUsualLips = 64;  // a few more LIPs must not change the segment's layout

lb::SegmentGeometry geometry_of(const control::Config& config) {
  lb::SegmentGeometry geometry;
  geometry.flows_v4 = config.dataplane.flows_v4;
  geometry.flows_wide = config.dataplane.flows_wide;
  geometry.sessions = config.dataplane.sessions;
  geometry.streams = config.dataplane.streams;
  const auto lips = static_cast<uint32_t>(config.lips.size());
  geometry.lips = lips <= kUsualLips ? kUsualLips : std::min(std::bit_ceil(lips), lb::kMaxLips);
  return geometry;
}

}  // namespace

dataplane::Options dataplane_options(const control::Config& config, std::vector<std::string> eal_arguments) {
  dataplane::Options options;
  options.workers = config.dataplane.workers;
  options.punt = config.dataplane.punt;
  options.state_file = config.dataplane.state;
  options.geometry = geometry_of(config);
  options.peeks = config.dataplane.peeks;
  options.eal_arguments = std::move(eal_arguments);
  const std::vector<lb::PortSpec> specs = control::port_specs(config);
  for (size_t i = 0; i < specs.size(); ++i)
    options.ports.push_back({specs[i].name, config.dataplane.ports[i].device, specs[i].addresses,
                             specs[i].gateway_v4, specs[i].gateway_v6, specs[i].tag,
                             config.dataplane.ports[i].mtu, config.dataplane.ports[i].buffers});
  return options;
}

namespace {

std::vector<control::PortState> port_states(const dataplane::Dataplane& plane,
                                            const std::vector<std::string>& devices) {
  std::vector<control::PortState> states;
  const auto& reports = plane.report().ports;
  const auto links = plane.links();
  for (size_t i = 0; i < reports.size(); ++i) {
    const dataplane::PortReport& r = reports[i];
    states.push_back({r.driver, devices[i], r.interface, r.mac, r.mtu, r.queues, r.grant.numa_node,
                      r.grant.rss_asked, r.grant.rss_granted, r.grant.offloads_asked,
                      r.grant.offloads_granted, links[i].up, links[i].speed_mbps});
  }
  return states;
}

}  // namespace

control::Engine engine_of(dataplane::Dataplane& plane, const control::Config& config) {
  control::Engine engine;
  engine.publish = [&plane](const lb::SnapshotSpec& spec) { return plane.publish(spec); };
  engine.snapshot = [&plane] { return plane.snapshot(); };
  engine.now = [] { return dataplane::boot_time(); };
  engine.segment = &plane.segment();
  engine.neighbours = &plane.neighbours();
  engine.peeks = &plane.peeks();
  engine.workers = plane.counters();
  engine.tsc_hz = plane.tsc_hz();
  for (const control::PortConfig& port : config.dataplane.ports) engine.port_names.push_back(port.name);
  std::vector<std::string> devices;
  for (const control::PortConfig& port : config.dataplane.ports) devices.push_back(port.device);
  engine.ports = [&plane, devices] { return port_states(plane, devices); };
  return engine;
}

namespace {

// Of UDP services in nat; 0: there is none.
uint32_t longest_idle(const control::Config& config) {
  uint32_t longest = 0;
  for (const control::ServiceConfig& service : config.services)
    if (service.protocol == lb::Protocol::kUdp && service.forward == lb::Forward::kNat)
      longest = std::max(longest, service.idle_timeout_s);
  return longest;
}

}  // namespace

std::string lip_capacity(const control::Config& config) {
  // The sweep notices a flow's end after 2 s of silence and a walk over the share, then the port rests.
  constexpr unsigned kSeenS = 2 + lb::SlotShare::kSweepMs / 1000;
  constexpr unsigned kBoundS = kSeenS + lb::SlotShare::kTimeWaitS, kBoundOnIdleS = kSeenS;
  std::string text;
  for (const bool v4 : {true, false}) {
    const auto lips = std::count_if(config.lips.begin(), config.lips.end(),
                                    [v4](const lb::IpAddress& lip) { return lip.is_v4() == v4; });
    if (lips == 0) continue;
    const auto ports = static_cast<uint64_t>(lips) * lb::kLocalPorts;
    text += std::to_string(lips) + (v4 ? " IPv4" : " IPv6") + (lips == 1 ? " address: " : " addresses: ") +
            std::to_string(ports) + " flows at a time each of TCP and UDP; " +
            std::to_string(ports / kBoundS) +
            " short TCP connections a second to each server that closes first";
    if (const uint32_t idle_s = longest_idle(config); idle_s != 0)
      text += ", " + std::to_string(ports / (kBoundOnIdleS + idle_s)) +
              " UDP flows a second of one datagram (idle_timeout " + std::to_string(idle_s) + " s)";
    text += "\n";
  }
  return text;
}

lb::Status dry_compile(const control::Config& config) {
  const lb::SegmentGeometry geometry = geometry_of(config);
  const size_t bytes = geometry.bytes();
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return lb::Error{"no address space for a state segment of " + std::to_string(bytes) + " bytes"};
  const auto unmap = [bytes](void* m) { ::munmap(m, bytes); };
  const std::unique_ptr<void, decltype(unmap)> guard(memory, unmap);
  const lb::Now now = dataplane::boot_time();
  auto segment = lb::Segment::format({static_cast<std::byte*>(memory), bytes}, geometry, 0, now);
  if (!segment) return lb::Error{segment.error()};
  const lb::SnapshotSpec spec =
      control::desired_state(config, {}, [](const std::string&, const lb::Endpoint&) {
        return control::Standing{};
      }).spec;
  auto made = lb::compile(spec, segment.value(), 1, now, {}, nullptr);
  if (!made) return lb::Error{made.error()};
  return lb::Nothing{};
}

}  // namespace cleatd
