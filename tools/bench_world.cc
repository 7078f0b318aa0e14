// SPDX-License-Identifier: MIT
#include "tools/bench_world.h"

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <tuple>

#include "lb/affinity.h"
#include "lb/checksum.h"
#include "lb/close_flow.h"
#include "lb/compile.h"
#include "lb/hash.h"
#include "lb/wire.h"

namespace bench {
namespace {

constexpr size_t kFrameRoom = 2304;  // from one frame to the next, about as in an mbuf pool
constexpr size_t kPayload = 18;
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
  service.forward = kind == Kind::kDsrV4 ? lb::Forward::kDsr : lb::Forward::kNat;
  spec.services = {service};
  spec.pick_seed = 1;
  return spec;
}

lb::SegmentGeometry geometry_of(Kind kind, uint64_t flows, unsigned lips) {
  // Room for the flows and a quarter more, at most 80 % full.
  const auto entries = static_cast<uint32_t>(std::bit_ceil(std::max<uint64_t>(flows * 25 / 16, 1U << 13)));
  lb::SegmentGeometry geometry{.flows_v4 = 1024, .flows_wide = 1024, .lips = lips};
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
  worker_ = std::make_unique<lb::Worker>(*segment_, *neighbours_, offers_, *counters_, 0U, 1U, macs);

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

uint64_t World::random() {
  random_ += 0x9e3779b97f4a7c15ULL;
  return lb::hash_word(random_, 7);
}

Flow World::next_client() {
  const uint64_t n = clients_++;
  Flow flow;
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

void World::write(unsigned at, const Flow& flow, bool reply) {
  const bool v6 = kind_ == Kind::kNatV6;
  const lb::Service& service = snapshot_->services[0];
  lb::IpAddress source = flow.client, destination = service.vip;
  uint16_t source_port = flow.port, destination_port = kVipPort;
  if (reply) {
    source = snapshot_->backends[flow.backend].address;
    destination = snapshot_->lips[lb::NatSlots::lip_of(flow.slot)];
    source_port = kVipPort;
    destination_port = lb::NatSlots::port_of(flow.slot);
  }
  uint8_t* bytes = frame(at);
  const lb::EthernetHeader ethernet{reply ? kInsideMac : kOutsideMac, kPeerMac,
                                    lb::be16::of(v6 ? lb::kEtherIpv6 : lb::kEtherIpv4)};
  std::memcpy(bytes, &ethernet, sizeof(ethernet));
  uint8_t* l3 = bytes + sizeof(ethernet);
  const auto l4_length = static_cast<uint16_t>(sizeof(lb::UdpHeader) + kPayload);
  size_t header = sizeof(lb::Ipv4Header);
  if (v6) {
    header = sizeof(lb::Ipv6Header);
    lb::Ipv6Header ip6{lb::be32::of(0x60000000), lb::be16::of(l4_length), 17, 64, {}, {}};
    std::memcpy(ip6.source.data(), source.bytes(), 16);
    std::memcpy(ip6.destination.data(), destination.bytes(), 16);
    std::memcpy(l3, &ip6, sizeof(ip6));
  } else {
    lb::Ipv4Header ip4{0x45,
                       0,
                       lb::be16::of(static_cast<uint16_t>(header + l4_length)),
                       {},
                       {},
                       64,
                       17,
                       {},
                       source.as_v4(),
                       destination.as_v4()};
    ip4.checksum = lb::checksum_of(lb::add_bytes(0, reinterpret_cast<const uint8_t*>(&ip4), sizeof(ip4)));
    std::memcpy(l3, &ip4, sizeof(ip4));
  }
  const lb::UdpHeader udp{lb::be16::of(source_port), lb::be16::of(destination_port), lb::be16::of(l4_length),
                          lb::be16::of(0x1234)};
  std::memcpy(l3 + header, &udp, sizeof(udp));
  batch_[at] = flow;
  lengths_[at] = static_cast<uint16_t>(sizeof(ethernet) + header + l4_length);
}

void World::prepare_known(bool replies) {
  for (unsigned at = 0; at < kBatch; ++at) write(at, flows_[random() % flows_.size()], replies);
  replies_ = replies;
}

void World::prepare_new() {
  for (unsigned at = 0; at < kBatch; ++at) write(at, next_client(), false);
  replies_ = false;
}

void World::load(unsigned burst) {
  burst_.count = kBurstSize;
  for (unsigned i = 0; i < kBurstSize; ++i) {
    const unsigned at = burst * kBurstSize + i;
    burst_.frames[i] = {frame(at), lengths_[at], 128, replies_ ? kInside : kOutside};
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
  const bool v6 = kind_ == Kind::kNatV6;
  const uint8_t* l3 = frame(at) + sizeof(lb::EthernetHeader);
  lb::IpAddress source, destination;
  const auto* udp = reinterpret_cast<const lb::UdpHeader*>(l3 + (v6 ? 40 : 20));
  if (v6) {
    source = lb::IpAddress::v6(reinterpret_cast<const lb::Ipv6Header*>(l3)->source.data());
    destination = lb::IpAddress::v6(reinterpret_cast<const lb::Ipv6Header*>(l3)->destination.data());
  } else {
    source = lb::IpAddress::v4(reinterpret_cast<const lb::Ipv4Header*>(l3)->source);
    destination = lb::IpAddress::v4(reinterpret_cast<const lb::Ipv4Header*>(l3)->destination);
  }
  if (kind_ == Kind::kDsrV4) return source == flow.client && destination == snapshot_->services[0].vip;
  const lb::LocalAddress* local = snapshot_->addresses.find(source);
  if (local == nullptr || local->lip == lb::LocalAddress::kNone) return false;
  flow.slot = lb::NatSlots::index(local->lip, lb::Protocol::kUdp, udp->source.host());
  const auto view = lb::NatSlots::read(segment_->slots().at(flow.slot));
  if (!view || view->client != flow.client || view->client_port != flow.port) return false;
  flow.backend = view->control.backend();
  return destination == snapshot_->backends[flow.backend].address;
}

void World::open(const std::vector<Flow>& clients) {
  for (size_t first = 0; first < clients.size(); first += kBatch) {
    const auto count = static_cast<unsigned>(std::min<size_t>(kBatch, clients.size() - first));
    for (unsigned i = 0; i < count; ++i) write(i, clients[first + i], false);
    replies_ = false;
    run_batch(count);
    for (unsigned i = 0; i < count; ++i)
      if (!learn(i, batch_[i])) fail("a flow could not be opened");
    flows_.insert(flows_.end(), batch_.begin(), batch_.begin() + count);
    if (kind_ == Kind::kDsrV4) continue;
    for (unsigned i = 0; i < count; ++i) write(i, batch_[i], true);
    replies_ = true;
    run_batch(count);
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

bool World::check_known(bool replies) {
  for (unsigned at = 0; at < kBatch; ++at) {
    const Flow& wanted = batch_[at];
    if (replies) {
      const uint8_t* l3 = frame(at) + sizeof(lb::EthernetHeader);
      const auto* ip4 = reinterpret_cast<const lb::Ipv4Header*>(l3);
      const auto* udp = reinterpret_cast<const lb::UdpHeader*>(l3 + sizeof(lb::Ipv4Header));
      if (actions_[at] != lb::Action::kTx || lb::IpAddress::v4(ip4->destination) != wanted.client ||
          udp->destination.host() != wanted.port)
        return false;
      continue;
    }
    Flow seen = wanted;
    if (!learn(at, seen) || seen.slot != wanted.slot || seen.backend != wanted.backend) return false;
  }
  return true;
}

bool World::close_new() {
  bool opened = true;
  for (unsigned at = 0; at < kBatch; ++at) {
    if (learn(at, batch_[at]))
      close(batch_[at]);
    else
      opened = false;
  }
  return opened;
}

}  // namespace bench
