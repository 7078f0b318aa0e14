// SPDX-License-Identifier: MIT
#include "tests/lb/rig.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ostream>

#include "tests/lb/packet_path.h"

namespace lb::test {
namespace {

ServiceSpec service_of(std::string name, const char* vip, Protocol protocol, uint16_t port,
                       std::string pool_name) {
  ServiceSpec spec;
  spec.name = std::move(name);
  spec.vip = ip(vip);
  spec.protocol = protocol;
  spec.port_first = spec.port_last = port;
  spec.pool = std::move(pool_name);
  return spec;
}

PoolSpec pool_of(std::string name, const std::string& prefix) {
  PoolSpec spec;
  spec.name = std::move(name);
  for (const char* host : {"11", "12", "13"}) spec.backends.push_back({ip(prefix + host), 0, 100});
  return spec;
}

template <typename T>
T& named(std::vector<T>& all, std::string_view name) {
  for (T& each : all)
    if (each.name == name) return each;
  std::fprintf(stderr, "the rig has no %s\n", std::string(name).c_str());
  std::abort();
}

}  // namespace

MacAddress backend_mac(unsigned n) { return {{0x02, 0, 0, 0, 0x0b, static_cast<uint8_t>(n)}}; }

SnapshotSpec two_armed_spec() {
  SnapshotSpec spec;
  PortSpec outside, inside;
  outside.name = "outside";
  outside.addresses = {*Prefix::parse("10.10.0.2/24"), *Prefix::parse("2001:db8:10::2/64")};
  outside.gateway_v4 = ip("10.10.0.1");
  outside.gateway_v6 = ip("2001:db8:10::1");
  inside.name = "inside";
  inside.tag.device = 1;
  inside.addresses = {*Prefix::parse("10.20.0.2/24"), *Prefix::parse("2001:db8:20::2/64")};
  spec.ports = {outside, inside};
  spec.lips = {ip("10.20.0.100"), ip("2001:db8:20::100")};
  spec.pools = {pool_of("srs", "10.20.0."), pool_of("srs6", "2001:db8:20::")};
  spec.services = {service_of("rtmp", "10.10.0.100", Protocol::kTcp, 1935, "srs"),
                   service_of("rtc", "10.10.0.100", Protocol::kUdp, 8000, "srs"),
                   service_of("rtmp6", "2001:db8:10::100", Protocol::kTcp, 1935, "srs6"),
                   service_of("rtc6", "2001:db8:10::100", Protocol::kUdp, 8000, "srs6")};
  spec.pick_seed = 0x5eed;
  return spec;
}

PoolSpec& pool(SnapshotSpec& spec, std::string_view name) { return named(spec.pools, name); }
ServiceSpec& service(SnapshotSpec& spec, std::string_view name) { return named(spec.services, name); }

std::string to_string(const Outcome& outcome) {
  switch (outcome.action) {
    case Action::kUndecided:
      return "undecided";
    case Action::kTx:
      return "tx";
    case Action::kHold:
      return outcome.first_piece_ms != 0 ? "hold for a first piece"
                                         : "hold for " + outcome.next_hop.to_string();
    case Action::kPunt:
      return "punt";
    case Action::kDrop:
      return "drop " + std::string(drop_reason_name(outcome.reason));
    case Action::kConsumed:
      return "consumed";
  }
  return "?";
}
std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  return stream << to_string(outcome);
}

Rig::Rig(const Edit& edit, unsigned workers, const SegmentGeometry& geometry)
    : memory_(geometry), segment_(memory_.format(now_)), spec_(two_armed_spec()) {
  std::array<MacAddress, kMaxPorts> macs{};
  macs[kOutside] = kOutsideMac;
  macs[kInside] = kInsideMac;
  for (unsigned i = 0; i < workers; ++i) {
    counters_.push_back(std::make_unique<WorkerCounters>());
    workers_.push_back(std::make_unique<Worker>(segment_, *neighbours_, offers_, path_mtus_, peeks_,
                                                *counters_[i], i, workers, macs));
  }
  neighbours_->put_static(kOutside, ip("10.10.0.1"), kGatewayMac);
  neighbours_->put_static(kOutside, ip("2001:db8:10::1"), kGatewayMac);
  for (unsigned n = 11; n <= 13; ++n) {
    neighbours_->put_static(kInside, ip("10.20.0." + std::to_string(n)), backend_mac(n));
    neighbours_->put_static(kInside, ip("2001:db8:20::" + std::to_string(n)), backend_mac(n));
  }
  if (!reload(edit ? edit : [](SnapshotSpec&) {})) {
    std::fprintf(stderr, "the rig's spec does not compile: %s\n", error_.c_str());
    std::abort();
  }
}

bool Rig::reload(const Edit& edit) {
  SnapshotSpec next = spec_;
  edit(next);
  std::vector<const WorkerCounters*> counters;
  for (const auto& each : counters_) counters.push_back(each.get());
  auto compiled = compile(next, segment_, ++generation_, now_, counters, snapshot_.get());
  if (!compiled) {
    error_ = compiled.error();
    return false;
  }
  spec_ = std::move(next);
  former_ = std::move(snapshot_);
  snapshot_ = std::move(compiled).value();
  error_.clear();
  return true;
}

std::vector<Outcome> Rig::send_burst(std::span<const Bytes> frames, PortIndex port, unsigned worker_index) {
  // Each frame in a block of its own size, so that AddressSanitizer sees a byte read too many.
  auto burst = std::make_unique<Burst>();
  std::vector<std::unique_ptr<uint8_t[]>> blocks;
  burst->count = static_cast<unsigned>(frames.size());
  for (unsigned i = 0; i < burst->count; ++i) {
    blocks.emplace_back(new uint8_t[headroom + frames[i].size()]);
    uint8_t* const data = blocks[i].get() + headroom;
    std::copy(frames[i].begin(), frames[i].end(), data);
    burst->frames[i] = {data, static_cast<uint16_t>(frames[i].size()), headroom, port};
  }
  const Snapshot& in_force = snapshot();
  {
    const OnPacketPath here("process()");
    run(worker(worker_index), in_force, now_, *burst, nullptr);
  }
  std::vector<Outcome> outcomes;
  for (unsigned i = 0; i < burst->count; ++i) {
    const Frame& frame = burst->frames[i];
    const Verdict& verdict = burst->verdicts[i];
    outcomes.push_back({verdict.action, verdict.reason, verdict.port, verdict.next_hop,
                        Bytes(frame.data, frame.data + frame.length), verdict.first_piece_ms});
  }
  return outcomes;
}

Outcome Rig::send(const Bytes& frame, PortIndex port, unsigned worker_index) {
  return send_burst({&frame, 1}, port, worker_index)[0];
}

Outcome Rig::resume(const Outcome& held, unsigned worker_index) {
  Bytes bytes(headroom);
  bytes.insert(bytes.end(), held.frame.begin(), held.frame.end());
  Frame frame{bytes.data() + headroom, static_cast<uint16_t>(held.frame.size()), headroom, held.port};
  Verdict before;
  before.action = held.action;
  before.port = held.port;
  before.next_hop = held.next_hop;
  before.first_piece_ms = held.first_piece_ms;
  const Snapshot& in_force = snapshot();
  const Verdict verdict = [&] {
    const OnPacketPath here("resume()");
    return lb::resume(worker(worker_index), in_force, now_, frame, before);
  }();
  return {verdict.action,
          verdict.reason,
          verdict.port,
          verdict.next_hop,
          Bytes(frame.data, frame.data + frame.length),
          verdict.first_piece_ms};
}

std::vector<std::pair<PortIndex, Bytes>> Rig::own_frames(unsigned worker_index) {
  std::vector<std::pair<PortIndex, Bytes>> result;
  OutFrames& out = worker(worker_index).out;
  for (const OutFrames::Out& each : out.frames())
    result.emplace_back(each.port, Bytes(each.bytes.begin(), each.bytes.begin() + each.length));
  out.clear();
  return result;
}

void Rig::wait_ms(uint64_t ms) {
  for (const uint64_t end = now_.ms + ms; now_.ms < end;) {
    now_.ms += std::min<uint64_t>(10, end - now_.ms);
    const Snapshot& in_force = snapshot();
    const OnPacketPath here("housekeep()");
    for (const auto& each : workers_) housekeep(*each, in_force, now_);
  }
}

uint64_t Rig::drops(DropReason reason) const {
  uint64_t sum = 0;
  for (const auto& each : counters_) sum += each->drops[static_cast<unsigned>(reason)].get();
  return sum;
}

int64_t Rig::open_flows(std::string_view service_name) const {
  for (size_t i = 0; i < spec_.services.size(); ++i) {
    if (spec_.services[i].name != service_name) continue;
    int64_t sum = 0;
    for (const auto& each : counters_) {
      const TrafficCounters& traffic = each->services[snapshot_->services[i].id];
      sum += static_cast<int64_t>(traffic.flows_opened.get() - traffic.flows_closed.get());
    }
    return sum;
  }
  return -1;
}

unsigned Rig::slots_in_state(SlotState state) {
  unsigned count = 0;
  for (uint32_t lip = 0; lip < segment_.geometry().lips; ++lip) {
    if (segment_.lips().at(static_cast<uint16_t>(lip)).kind != IdentityKind::kLip) continue;
    for (uint32_t i = 0; i < kSlotsPerLip; ++i)
      if (SlotControl(segment_.slots().at(lip * kSlotsPerLip + i).control.load()).state() == state) ++count;
  }
  return count;
}

}  // namespace lb::test
