// SPDX-License-Identifier: MIT
#include "tools/bench_world.h"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>

#include "lb/affinity.h"
#include "lb/close_flow.h"
#include "lb/compile.h"
#include "lb/hash.h"
#include "lb/trace_ring.h"

namespace bench {
namespace {

constexpr size_t kFrameRoom = 2304;         // from one frame to the next, about as in an mbuf pool
constexpr uint64_t kTouchNs = 300'000'000;  // after which a packet touches its flow again
constexpr unsigned kPacketsOfMoved = 32;
constexpr uint64_t kNobodysNumber = uint64_t{1} << 31;
constexpr lb::PortIndex kOutside = 0, kInside = 1;
constexpr uint16_t kVipPort = 8000;
constexpr lb::MacAddress kOutsideMac{{2, 0, 0, 0, 0, 1}}, kInsideMac{{2, 0, 0, 0, 0, 2}},
    kPeerMac{{2, 0, 0, 0, 0, 0xfe}};

lb::IpAddress ip(const std::string& text) { return lb::IpAddress::parse(text).value(); }

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "cleat-bench: %s\n", what.c_str());
  std::exit(1);
}

lb::PortSpec port(const char* name, const char* v4, const char* v6) {
  lb::PortSpec spec;
  spec.name = name;
  spec.addresses = {*lb::Prefix::parse(v4), *lb::Prefix::parse(v6)};
  return spec;
}

std::string network(Kind kind) { return kind == Kind::kNatV6 ? "2001:db8:20::" : "10.20.0."; }
std::string backend_host(unsigned n) { return std::to_string(11 + n); }

lb::SnapshotSpec spec_of(Kind kind, unsigned lips) {
  lb::SnapshotSpec spec;
  spec.ports = {port("outside", "10.10.0.2/24", "2001:db8:10::2/64"),
                port("inside", "10.20.0.2/24", "2001:db8:20::2/64")};
  spec.ports[0].gateway_v4 = ip("10.10.0.1");
  spec.ports[0].gateway_v6 = ip("2001:db8:10::1");
  for (unsigned i = 0; i < lips; ++i) spec.lips.push_back(ip(network(kind) + std::to_string(100 + i)));
  lb::PoolSpec pool;
  pool.name = "srs";
  for (unsigned n = 0; n < 8; ++n) pool.backends.push_back({ip(network(kind) + backend_host(n)), 0, 100});
  spec.pools = {pool};
  lb::ServiceSpec service;
  service.name = "rtc";
  service.vip = ip(kind == Kind::kNatV6 ? "2001:db8:10::100" : "10.10.0.100");
  service.protocol = lb::Protocol::kUdp;
  service.port_first = service.port_last = kVipPort;
  service.pool = "srs";
  if (kind == Kind::kIceV4) {
    service.affinity = lb::Affinity::kIce;
    service.ice.ask = false;
    service.idle_timeout_s = lb::kMaxTimeoutS;  // for the clock may run fast
  }
  service.forward = kind == Kind::kDsrV4 ? lb::Forward::kDsr : lb::Forward::kNat;
  spec.services = {service};
  spec.pick_seed = 1;
  return spec;
}

lb::SegmentGeometry geometry_of(Kind kind, uint64_t flows, unsigned lips) {
  // Room for the flows and a quarter more, at most 80 % full.
  const auto entries = static_cast<uint32_t>(std::bit_ceil(std::max<uint64_t>(flows * 25 / 16, 1U << 13)));
  lb::SegmentGeometry geometry{.flows_v4 = 1024, .flows_wide = 1024, .lips = lips};
  // New ones, too, and a tenth of them may be unanswered.
  if (kind == Kind::kIceV4)
    geometry.sessions = static_cast<uint32_t>(std::bit_ceil(flows * 5 / 4 + 12 * World::kBatch));
  (kind == Kind::kNatV6 ? geometry.flows_wide : geometry.flows_v4) = entries;
  return geometry;
}

unsigned lips_for(uint64_t flows) { return static_cast<unsigned>(flows * 3 / 2 / lb::kLocalPorts + 2); }

}  // namespace

World::World(Kind kind, uint64_t flows, bool huge) : kind_(kind) {
  const unsigned lips = lips_for(flows);
  const lb::SegmentGeometry geometry = geometry_of(kind, flows, lips);
  memory_ = std::make_unique<Memory>(geometry.bytes(), huge);
  frames_ = std::make_unique<Memory>(kBatch * kFrameRoom, huge);
  segment_ = lb::Segment::format(memory_->bytes(), geometry, 42, now()).value();
  auto compiled = lb::compile(spec_of(kind, lips), *segment_, 1, now(), {}, nullptr);
  if (!compiled) fail(compiled.error());
  snapshot_ = std::move(compiled).value();
  for (const char* gateway : {"10.10.0.1", "2001:db8:10::1"})
    neighbours_->put_static(kOutside, ip(gateway), kPeerMac);
  // dsr replies go another way; its clients' frames leave for the same backends.
  for (unsigned n = 0; n < 8; ++n)
    neighbours_->put_static(kInside, ip(network(kind) + backend_host(n)), kPeerMac);
  std::array<lb::MacAddress, lb::kMaxPorts> macs{};
  macs[kOutside] = kOutsideMac;
  macs[kInside] = kInsideMac;
  worker_ =
      std::make_unique<lb::Worker>(*segment_, *neighbours_, offers_, path_mtus_, *counters_, 0U, 1U, macs);

  std::vector<Flow> clients(flows + flows / 4);
  for (Flow& flow : clients) flow = next_client();
  open(clients);
  for (uint64_t i = 0; i < flows / 4; ++i) {
    const size_t gone = random() % flows_.size();
    close(flows_[gone]);
    flows_[gone] = flows_.back();
    flows_.pop_back();
  }
  const uint64_t opened = counters_->services[0].flows_opened.get();
  const uint64_t closed = counters_->services[0].flows_closed.get();
  if (flows_.size() != flows || opened - closed != flows) fail("the table could not be filled");
}

World& World::shared(Kind kind, uint64_t flows, bool huge) {
  static std::unique_ptr<World> world;
  static std::tuple<Kind, uint64_t, bool> known;
  if (const std::tuple wanted{kind, flows, huge}; !world || known != wanted) {
    world.reset();
    world = std::make_unique<World>(kind, flows, huge);
    known = wanted;
  }
  return *world;
}

std::unique_ptr<const lb::Snapshot> World::compile_with(lb::PickMethod method) {
  lb::SnapshotSpec spec = spec_of(kind_, 2);
  spec.pools[0].pick = method;
  const lb::WorkerCounters* counters = counters_.get();
  auto compiled = lb::compile(spec, *segment_, 2, now(), {&counters, 1}, nullptr);
  if (!compiled) fail(compiled.error());
  return std::move(compiled).value();
}

void World::trace(bool on) {
  traced_.reset();
  if (!on) return;
  lb::SnapshotSpec spec = spec_of(kind_, static_cast<unsigned>(snapshot_->active_lips.size()));
  spec.trace.emplace();
  spec.trace->filter.client = ip("192.0.2.1");
  spec.trace->rings = std::make_shared<lb::TraceRings>(1, 100);
  auto compiled = lb::compile(spec, *segment_, 2, now(), {}, snapshot_.get());
  if (!compiled) fail(compiled.error());
  traced_ = std::move(compiled).value();
}

uint64_t World::random() {
  random_ += 0x9e3779b97f4a7c15ULL;
  return lb::hash_word(random_, 7);
}

Flow World::next_client() {
  const uint64_t n = clients_++;
  Flow flow;
  flow.number = n;
  flow.port = static_cast<uint16_t>(1024 + lb::hash_word(n, 3) % 60000);
  flow.client = kind_ == Kind::kNatV6
                    ? lb::IpAddress::of_words(ip("2001:db8:c::").high(), lb::hash_word(n, 5) | 1)
                    : lb::IpAddress::v4(lb::be32::of(0x0b000000U + static_cast<uint32_t>(n % 0x5fffffff)));
  return flow;
}

uint8_t* World::frame(unsigned at) const {
  // Each begins on another cache line of its room, so that they do not crowd in a few sets of the cache.
  return reinterpret_cast<uint8_t*>(frames_->bytes().data()) + at * kFrameRoom + 128;
}

void World::write(unsigned at, const Flow& flow, const lb::Endpoint& client, Payload what) {
  lb::Endpoint source = client, destination{snapshot_->services[0].vip, kVipPort};
  const bool reply = traffic_ == Traffic::kReplies;
  if (reply) {
    source = {snapshot_->backends[flow.backend].address, kVipPort};
    destination = {snapshot_->lips[lb::NatSlots::lip_of(flow.slot)], lb::NatSlots::port_of(flow.slot)};
  }
  PayloadRoom room;
  const auto payload = write_payload(room, what, flow.number);
  batch_[at] = flow;
  lengths_[at] =
      write_udp(frame(at), reply ? kInsideMac : kOutsideMac, kPeerMac, source, destination, payload);
}

void World::prepare(Traffic traffic, Payload payload) {
  traffic_ = traffic;
  dropped_ = no_session();
  const bool is_new = traffic == Traffic::kNew,
             elsewhere = traffic == Traffic::kMoved || traffic == Traffic::kNobody;
  Flow flow;
  lb::Endpoint from;
  for (unsigned at = 0; at < kBatch; ++at) {
    // A client that moved goes on for a while.
    if (traffic != Traffic::kMoved || at % kPacketsOfMoved == 0) {
      flow = is_new ? next_client() : flows_[random() % flows_.size()];
      from = {flow.client, flow.port};
      if (elsewhere) from = {next_client().client, flow.port};
      if (traffic == Traffic::kNobody) flow.number = kNobodysNumber + at;
    }
    write(at, flow, from, payload);
  }
}

void World::load(unsigned burst) {
  burst_.count = kBurstSize;
  for (unsigned i = 0; i < kBurstSize; ++i) {
    const unsigned at = burst * kBurstSize + i;
    burst_.frames[i] = {frame(at), lengths_[at], 128, traffic_ == Traffic::kReplies ? kInside : kOutside};
    __builtin_prefetch(burst_.frames[i].data);
  }
}

void World::run_batch(unsigned frames) {
  for (unsigned at = 0; at < frames; at += kBurstSize) {
    load(at / kBurstSize);
    burst_.count = std::min(kBurstSize, frames - at);
    lb::process(*worker_, *snapshot_, now(), burst_);
    unload(at / kBurstSize);
  }
}

bool World::learn(unsigned at, Flow& flow) {
  if (actions_[at] != lb::Action::kTx) return false;
  const auto [source, destination] = read_ends(frame(at));
  if (kind_ == Kind::kDsrV4)
    return source.address == flow.client && destination.address == snapshot_->services[0].vip;
  const lb::LocalAddress* local = snapshot_->addresses.find(source.address);
  if (local == nullptr || local->lip == lb::LocalAddress::kNone) return false;
  flow.slot = lb::NatSlots::index(local->lip, lb::Protocol::kUdp, source.port);
  const auto view = lb::NatSlots::read(segment_->slots().at(flow.slot));
  if (!view || view->client != flow.client || view->client_port != flow.port) return false;
  flow.backend = view->control.backend();
  return destination.address == snapshot_->backends[flow.backend].address;
}

void World::open(const std::vector<Flow>& clients) {
  const bool ice = kind_ == Kind::kIceV4;
  for (size_t first = 0; first < clients.size(); first += kBatch) {
    const auto count = static_cast<unsigned>(std::min<size_t>(kBatch, clients.size() - first));
    const auto run = [&](Traffic traffic, Payload payload) {
      traffic_ = traffic;
      for (unsigned i = 0; i < count; ++i) {
        const Flow flow = traffic == Traffic::kNew ? clients[first + i] : batch_[i];
        write(i, flow, {flow.client, flow.port}, payload);
      }
      run_batch(count);
    };
    run(Traffic::kNew, ice ? Payload::kCheck : Payload::kPlain);
    for (unsigned i = 0; i < count; ++i)
      if (!learn(i, batch_[i])) fail("a flow could not be opened");
    flows_.insert(flows_.end(), batch_.begin(), batch_.begin() + count);
    if (kind_ != Kind::kDsrV4) run(Traffic::kReplies, ice ? Payload::kSuccess : Payload::kPlain);
    if (!ice) continue;
    elapsed_ns_ += kTouchNs;
    run(Traffic::kClients, Payload::kRtp);
  }
}

void World::close(const Flow& flow) {
  if (kind_ != Kind::kDsrV4) {
    const auto view = lb::NatSlots::read(segment_->slots().at(flow.slot));
    if (view) lb::close_flow(*worker_, *snapshot_, flow.slot, *view, lb::Quarantine::kNone, now());
    return;
  }
  const auto key = lb::narrow_key(flow.client, flow.port, snapshot_->services[0].listener);
  lb::NarrowTable& table = segment_->flows().narrow;
  if (table.remove_all(key, table.hash(key), lb::kNoSlot) > 0) counters_->services[0].flows_closed.add(1);
}

uint64_t World::no_session() const {
  return counters_->drops[static_cast<unsigned>(lb::DropReason::kNoSession)].get();
}

bool World::check() {
  if (traffic_ == Traffic::kNobody) return no_session() - dropped_ == kBatch;
  for (unsigned at = 0; at < kBatch; ++at) {
    Flow& wanted = batch_[at];
    if (traffic_ == Traffic::kNew) {
      if (!learn(at, wanted)) return false;
    } else if (traffic_ == Traffic::kReplies) {
      const lb::Endpoint client{wanted.client, wanted.port};
      if (actions_[at] != lb::Action::kTx || read_ends(frame(at)).destination != client) return false;
    } else {
      Flow seen = wanted;
      if (!learn(at, seen) || seen.slot != wanted.slot || seen.backend != wanted.backend) return false;
    }
  }
  return true;
}

void World::close_new() {
  for (const Flow& flow : batch_) close(flow);
}

}  // namespace bench
