// SPDX-License-Identifier: MIT
#include "tools/bench_world.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "lb/close_flow.h"
#include "lb/compile.h"
#include "lb/hash.h"
#include "lb/seam.h"
#include "lb/trace_ring.h"
#include "tools/bench_batch.h"

namespace bench {

void fail(const std::string& what) {
  std::fprintf(stderr, "cleat-bench: %s\n", what.c_str());
  std::exit(1);
}

World::World(const Setup& setup) : setup_(setup), backends_(setup.backends), flows_(setup.services.size()) {
  const lb::SegmentGeometry geometry = geometry_of(setup);
  if (const std::string why = geometry.problem(); !why.empty()) fail(why);
  memory_ = std::make_unique<Memory>(geometry.bytes(), setup.huge);
  segment_ = lb::Segment::format(memory_->bytes(), geometry, 42, now()).value();
  snapshot_ = compile(spec_of(setup));
  for (const bool v6 : {false, true}) neighbours_->put_static(kOutside, gateway_address(v6), kGatewayMac);
  for (unsigned n = 0; n < setup.backends; ++n) {
    const lb::IpAddress address = backend_address(setup.v6, n);
    neighbours_->put_static(kInside, address, backend_mac(n));
    for (size_t id = 0; id < snapshot_->backends.size(); ++id)
      if (snapshot_->backends[id].address == address) backends_[n] = static_cast<lb::BackendId>(id);
  }
  for (unsigned i = 0; i < setup.workers; ++i) batches_.push_back(std::make_unique<Batch>(*this, i));
  for (ServiceIndex service = 0; service < setup.services.size(); ++service) {
    fill(service);
    churn(service);
    for (const Flow& flow : flows_[service])
      if (!is_tracked(flow)) fail("a flow was lost");
    if (setup.services[service].later == lb::Affinity::kStream) join(service);
  }
  filled_ = true;
  if (std::any_of(setup.services.begin(), setup.services.end(),
                  [](const ServiceSetup& service) { return service.later != lb::Affinity::kTuple; }))
    snapshot_ = compile(spec());
}

lb::SnapshotSpec World::spec() const {
  lb::SnapshotSpec spec = spec_of(setup_);
  for (size_t i = 0; i < setup_.services.size(); ++i)
    if (filled_ && lb::goes_by_stream(setup_.services[i].later))
      spec.services[i].affinity = setup_.services[i].later;
  return spec;
}

void World::join(ServiceIndex service) {
  for (const Flow& flow : flows_[service]) {
    lb::NatSlot& slot = slots().at(flow.slot);
    const lb::SlotControl control(slot.control.load());
    lb::put_seam(slot, {.out = static_cast<uint32_t>(flow.number * 0x9e3779b9U)});
    slot.control.store(control.in_state(lb::SlotState::kSpliced, lb::Quarantine::kNone, now().tick()).raw());
  }
}

World::~World() = default;

std::unique_ptr<lb::Worker> World::make_worker(unsigned index, lb::WorkerCounters& counters) {
  std::array<lb::MacAddress, lb::kMaxPorts> macs{};
  macs[kOutside] = kOutsideMac;
  macs[kInside] = kInsideMac;
  return std::make_unique<lb::Worker>(*segment_, *neighbours_, offers_, path_mtus_, peeks_, counters, index,
                                      setup_.workers, macs);
}

std::unique_ptr<const lb::Snapshot> World::compile(const lb::SnapshotSpec& spec) {
  std::vector<const lb::WorkerCounters*> counters;
  for (const auto& batch : batches_) counters.push_back(&batch->counters());
  auto compiled = lb::compile(spec, *segment_, ++generation_, now(), counters, snapshot_.get());
  if (!compiled) fail(compiled.error());
  return std::move(compiled).value();
}

void World::trace(bool on) {
  if (on == traced_) return;
  traced_ = on;
  lb::SnapshotSpec spec = this->spec();
  if (on) {
    spec.trace.emplace();
    spec.trace->filter.client = lb::IpAddress::parse("192.0.2.1").value();
    spec.trace->rings = std::make_shared<lb::TraceRings>(setup_.workers, 100);
  }
  snapshot_ = compile(spec);
}

void World::prepare_swap() { next_ = compile(spec()); }

std::unique_ptr<const lb::Snapshot> World::compile_with(lb::PickMethod method) {
  lb::SnapshotSpec spec = this->spec();
  spec.pools[0].pick = method;
  return compile(spec);
}

uint64_t World::random() {
  random_ += 0x9e3779b97f4a7c15ULL;
  return lb::hash_word(random_, 7);
}

Flow World::next_client(ServiceIndex service) {
  static const uint64_t client_network = lb::IpAddress::parse("2001:db8:c::")->high();
  const uint64_t n = clients_++;
  Flow flow;
  flow.number = n;
  flow.service = service;
  flow.port = static_cast<uint16_t>(1024 + lb::hash_word(n, 3) % 60000);
  flow.client = setup_.v6
                    ? lb::IpAddress::of_words(client_network, lb::hash_word(n, 5) | 1)
                    : lb::IpAddress::v4(lb::be32::of(0x0b000000U + static_cast<uint32_t>(n % 0x5fffffff)));
  return flow;
}

lb::Endpoint World::vip_of(const Flow& flow) const {
  return {snapshot_->services[flow.service].vip, vip_port(flow.service)};
}

template <typename Use>
auto World::with_table(const Flow& flow, Use&& use) {
  const lb::Endpoint vip = vip_of(flow);
  const lb::ListenerId listener = snapshot_->services[flow.service].listener;
  lb::FlowTables& tables = segment_->flows();
  if (snapshot_->services[flow.service].wide)
    return use(tables.wide, lb::wide_key(flow.client, flow.port, listener, vip.port));
  return use(tables.narrow, lb::narrow_key(flow.client, flow.port, listener));
}

bool World::is_tracked(const Flow& flow) {
  return with_table(
      flow, [](auto& table, const auto& key) { return static_cast<bool>(table.find(key, table.hash(key))); });
}

void World::close(const Flow& flow) {
  Batch& owner = batch(flow.worker);
  if (flow.slot != lb::kNoSlot) {
    const auto view = lb::NatSlots::read(slots().at(flow.slot));
    if (view) lb::close_flow(owner.worker(), snapshot(), flow.slot, *view, lb::Quarantine::kNone, now());
    return;
  }
  with_table(flow, [](auto& table, const auto& key) { table.remove_all(key, table.hash(key), lb::kNoSlot); });
}

std::vector<Flow> World::open(ServiceIndex service, uint64_t count) {
  const auto wanted = static_cast<unsigned>(std::min<uint64_t>(Batch::kFrames, count));
  const auto turn = static_cast<unsigned>(asked_ / Batch::kFrames % setup_.workers);
  std::vector<Flow> opened = batch(turn).open(service, wanted);
  asked_ += wanted;
  refused_ += wanted - opened.size();
  if (opened.size() < wanted && setup_.entries == 0) fail("a flow could not be opened");
  return opened;
}

void World::fill(ServiceIndex service) {
  constexpr size_t kFewAccepted = Batch::kFrames / 256;
  std::vector<Flow>& flows = flows_[service];
  const uint64_t wanted = setup_.until_full ? UINT64_MAX : setup_.services[service].flows;
  if (!setup_.until_full) flows.reserve(wanted);
  while (flows.size() < wanted) {
    const std::vector<Flow> opened = open(service, wanted - flows.size());
    flows.insert(flows.end(), opened.begin(), opened.end());
    if (setup_.until_full && opened.size() <= kFewAccepted) return;
    if (opened.empty()) fail("the table could not be filled");
  }
}

void World::churn(ServiceIndex service) {
  std::vector<Flow>& flows = flows_[service];
  if (setup_.until_full) return;
  for (uint64_t rest = flows.size() / 4; rest > 0;) {
    const uint64_t gone = std::min<uint64_t>(Batch::kFrames, rest);
    for (uint64_t i = 0; i < gone; ++i) {
      const size_t at = random() % flows.size();
      close(flows[at]);
      flows[at] = flows.back();
      flows.pop_back();
    }
    fill(service);
    rest -= gone;
  }
}

uint64_t World::misses() const {
  uint64_t sum = 0;
  for (const auto& batch : batches_) sum += batch->counters().flow_misses.get();
  return sum;
}

}  // namespace bench
