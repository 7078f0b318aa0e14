// SPDX-License-Identifier: MIT
#include "tests/lb/crowd.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <thread>

#include "lb/checksum.h"
#include "lb/hash.h"
#include "lb/wire.h"

namespace lb::test {
namespace {

constexpr uint16_t kRangeFirst = 20000, kRangeLast = 20099;
constexpr unsigned kTalk = 3;  // packets of an established flow before it ends

constexpr uint64_t kHalfOpenMs = 4'000;  // a first exchange that takes longer may fail

constexpr uint8_t kFinAck = tcp_flag::kFin | tcp_flag::kAck;

constexpr unsigned kBackends = 3;

const IpAddress& vip_address(CrowdKind kind) {
  static const std::array<IpAddress, 3> vips{ip("10.10.0.100"), ip("2001:db8:10::100"), ip("10.10.0.101")};
  return vips[static_cast<unsigned>(kind)];
}

// The servers of the two pools, as two_armed_spec() has them.
const std::array<IpAddress, kBackends>& backends_of(CrowdKind kind) {
  static const std::array<IpAddress, kBackends> v4{ip("10.20.0.11"), ip("10.20.0.12"), ip("10.20.0.13")};
  static const std::array<IpAddress, kBackends> v6{ip("2001:db8:20::11"), ip("2001:db8:20::12"),
                                                   ip("2001:db8:20::13")};
  return kind == CrowdKind::kTcp6 ? v6 : v4;
}

struct Ends {
  Endpoint source, destination;
};

Ends ends_of(const uint8_t* l3, bool v6) {
  const auto* ports = reinterpret_cast<const UdpHeader*>(l3 + (v6 ? sizeof(Ipv6Header) : sizeof(Ipv4Header)));
  const uint16_t source = ports->source.host(), destination = ports->destination.host();
  if (v6) {
    const auto* header = reinterpret_cast<const Ipv6Header*>(l3);
    return {{IpAddress::v6(header->source.data()), source},
            {IpAddress::v6(header->destination.data()), destination}};
  }
  const auto* header = reinterpret_cast<const Ipv4Header*>(l3);
  return {{IpAddress::v4(header->source), source}, {IpAddress::v4(header->destination), destination}};
}

}  // namespace

Now CrowdClock::begin(unsigned worker, uint64_t step_ms) {
  for (;;) {
    uint64_t slowest = kIdle;
    for (const auto& each : busy_since_) slowest = std::min(slowest, each.load(std::memory_order_acquire));
    uint64_t now = now_ms_.load();
    if (slowest != kIdle && now + step_ms > slowest + kLeadMs) {
      std::this_thread::yield();
      continue;
    }
    busy_since_[worker].store(now, std::memory_order_release);
    if (now_ms_.compare_exchange_strong(now, now + step_ms)) return {now + step_ms};
    end(worker);  // or it would wait for itself
  }
}

void keep_house(Worker& worker, const Snapshot& snapshot, Now now) {
  constexpr uint64_t kStepMs = 10;
  if (worker.swept_ms == 0) housekeep(worker, snapshot, now);
  for (uint64_t behind = (now.ms - worker.swept_ms) / kStepMs; behind > 0; --behind) {
    worker.swept_ms = now.ms - kStepMs;  // never with a former time: ticks ahead of it would look hours old
    housekeep(worker, snapshot, now);
  }
}

CrowdKind crowd_kind(uint32_t index) { return static_cast<CrowdKind>(index % 3); }

IpAddress crowd_client(uint32_t index) {
  if (crowd_kind(index) == CrowdKind::kTcp6)
    return IpAddress::of_words(ip("2001:db8:c::").high(), hash_word(index, 6) | 1);
  return IpAddress::v4(be32::of(0x64400000U + index));
}

Endpoint crowd_vip(uint32_t index) {
  const CrowdKind kind = crowd_kind(index);
  const uint16_t in_range = static_cast<uint16_t>(kRangeFirst + index % (kRangeLast - kRangeFirst + 1));
  return {vip_address(kind), kind == CrowdKind::kUdpRange ? in_range : uint16_t{1935}};
}

IpAddress crowd_backend(uint32_t index, uint8_t backend) { return backends_of(crowd_kind(index))[backend]; }

SnapshotSpec crowd_spec() {
  SnapshotSpec spec = two_armed_spec();
  ServiceSpec range = service(spec, "rtc");
  range.name = "range";
  range.vip = vip_address(CrowdKind::kUdpRange);
  range.port_first = kRangeFirst;
  range.port_last = kRangeLast;
  spec.services.push_back(range);
  for (ServiceSpec& each : spec.services) each.idle_timeout_s = 300;
  return spec;
}

std::unique_ptr<Neighbours> crowd_neighbours() {
  auto neighbours = std::make_unique<Neighbours>();
  neighbours->put_static(kOutside, ip("10.10.0.1"), kGatewayMac);
  neighbours->put_static(kOutside, ip("2001:db8:10::1"), kGatewayMac);
  for (unsigned n = 11; n <= 13; ++n) {
    neighbours->put_static(kInside, ip("10.20.0." + std::to_string(n)), backend_mac(n));
    neighbours->put_static(kInside, ip("2001:db8:20::" + std::to_string(n)), backend_mac(n));
  }
  return neighbours;
}

std::array<MacAddress, kMaxPorts> crowd_macs() {
  std::array<MacAddress, kMaxPorts> macs{};
  macs[kOutside] = kOutsideMac;
  macs[kInside] = kInsideMac;
  return macs;
}

CrowdWorker::CrowdWorker(Worker& worker, const Snapshot& snapshot, std::span<CrowdFlow> flows,
                         std::atomic<uint32_t>& turn, CrowdTally& tally, uint64_t seed)
    : worker_(worker), snapshot_(snapshot), flows_(flows), turn_(turn), tally_(tally), random_(seed) {
  for (uint32_t kind = 0; kind < 3; ++kind) {
    const Protocol protocol = kind == 2 ? Protocol::kUdp : Protocol::kTcp;
    const Endpoint client{crowd_client(kind), 1}, vip = crowd_vip(kind);
    templates_[kind][0] = FrameBuilder(protocol, client, vip).payload("media");
    templates_[kind][1] = FrameBuilder(protocol, vip, client).to(kInsideMac).payload("media");
  }
}

bool CrowdWorker::plan(CrowdFlow& flow, uint32_t index, bool open_new, Step& step) {
  const bool tcp = crowd_kind(index) != CrowdKind::kUdpRange;
  random_ = hash_word(random_, 1);
  const bool client_side = random_ % 2 == 0;
  switch (flow.stage.load(std::memory_order_relaxed)) {
    case CrowdFlow::kNothing:
      if (!open_new) return false;
      // A quarter comes back from the same port, onto a flow that is over but not swept yet.
      if (flow.client_port == 0 || random_ % 4 != 0)
        flow.client_port = static_cast<uint16_t>(1024 + (flow.client_port + 1) % 60000);
      step = {index, Side::kClient, tcp_flag::kSyn, CrowdFlow::kAsked};
      return true;
    case CrowdFlow::kAsked:
      step = {index, Side::kServer, tcp_flag::kSyn | tcp_flag::kAck, CrowdFlow::kAnswered};
      return true;
    case CrowdFlow::kAnswered:
      step = {index, Side::kClient, tcp_flag::kAck, CrowdFlow::kEstablished};
      return true;
    case CrowdFlow::kEstablished:
      if (flow.steps < kTalk || !tcp) {
        step = {index, client_side ? Side::kClient : Side::kServer, tcp_flag::kAck, CrowdFlow::kEstablished};
        return true;
      }
      // Said before it is done: a process may be killed in between.
      flow.stage.store(CrowdFlow::kEnding, std::memory_order_release);
      flow.steps = 0;
      step = {index, client_side ? Side::kClient : Side::kServer, kFinAck, CrowdFlow::kEnding};
      if (random_ / 2 % 8 == 0) step = {index, step.side, tcp_flag::kRst, CrowdFlow::kNothing};
      return true;
    case CrowdFlow::kEnding:
      step = {index, flow.steps == 1 ? Side::kServer : Side::kClient, kFinAck,
              flow.steps == 1 ? CrowdFlow::kEnding : CrowdFlow::kNothing};
      return true;
    default:
      return false;
  }
}

void CrowdWorker::write(const CrowdFlow& flow, const Step& step, Frame& frame) const {
  const CrowdKind kind = crowd_kind(step.index);
  const bool client = step.side == Side::kClient, v6 = kind == CrowdKind::kTcp6;
  const Bytes& model = templates_[static_cast<unsigned>(kind)][client ? 0 : 1];
  std::memcpy(frame.data, model.data(), model.size());
  frame.length = static_cast<uint16_t>(model.size());
  frame.port = client ? kOutside : kInside;
  const IpAddress source = client ? crowd_client(step.index) : backends_of(kind)[flow.backend];
  const IpAddress destination = client ? vip_address(kind) : snapshot_.lips[NatSlots::lip_of(flow.slot)];
  uint8_t* l3 = frame.data + sizeof(EthernetHeader);
  if (v6) {
    auto* header = reinterpret_cast<Ipv6Header*>(l3);
    std::memcpy(header->source.data(), source.bytes(), 16);
    std::memcpy(header->destination.data(), destination.bytes(), 16);
  } else {
    auto* header = reinterpret_cast<Ipv4Header*>(l3);
    header->source = source.as_v4();
    header->destination = destination.as_v4();
    header->checksum = be16{};
    header->checksum = checksum_of(add_bytes(0, l3, sizeof(Ipv4Header)));
  }
  uint8_t* l4 = l3 + (v6 ? sizeof(Ipv6Header) : sizeof(Ipv4Header));
  auto* ports = reinterpret_cast<UdpHeader*>(l4);
  const uint16_t vip_port = crowd_vip(step.index).port;
  ports->source = be16::of(client ? flow.client_port : vip_port);
  ports->destination = be16::of(client ? vip_port : NatSlots::port_of(flow.slot));
  if (kind != CrowdKind::kUdpRange) reinterpret_cast<TcpHeader*>(l4)->flags = step.flags;
}

bool CrowdWorker::may_be_gone(const CrowdFlow& flow, Now now) {
  switch (flow.stage.load(std::memory_order_relaxed)) {
    case CrowdFlow::kAsked:
    case CrowdFlow::kAnswered:
      return now.ms - flow.asked_ms > kHalfOpenMs;
    case CrowdFlow::kEstablished:
      return false;
    default:
      return true;
  }
}

void CrowdWorker::blame(const CrowdFlow& flow, const Step& step, Now now, const Verdict& verdict,
                        const char* what) {
  if (tally_.wrong++ != 0) return;
  const Outcome outcome{verdict.action, verdict.reason, verdict.port, verdict.next_hop, {}};
  const SlotControl slot(worker_.segment.slots().at(flow.slot).control.load());
  std::snprintf(
      tally_.first_wrong.data(), tally_.first_wrong.size(),
      "%s: flow %u (%s:%u) stage %u step %u, %s's packet with flags %02x: %s; asked %lu ms ago; slot %u in "
      "state %u, touched %u and %u ticks ago",
      what, step.index, crowd_client(step.index).to_string().c_str(), flow.client_port, flow.stage.load(),
      flow.steps, step.side == Side::kClient ? "client" : "server", step.flags, to_string(outcome).c_str(),
      now.ms - flow.asked_ms, flow.slot, static_cast<unsigned>(slot.state()),
      ticks_since(now.tick(), worker_.segment.slots().at(flow.slot).forward_tick.load()),
      ticks_since(now.tick(), worker_.segment.slots().at(flow.slot).reply_tick.load()));
}

void CrowdWorker::check(CrowdFlow& flow, const Step& step, Now now, const Frame& frame,
                        const Verdict& verdict) {
  const CrowdKind kind = crowd_kind(step.index);
  const bool v6 = kind == CrowdKind::kTcp6, client = step.side == Side::kClient;
  const auto stage = flow.stage.load(std::memory_order_relaxed);
  tally_.steps.fetch_add(1, std::memory_order_relaxed);
  if (verdict.action != Action::kTx) {
    if (stage == CrowdFlow::kNothing) ++tally_.refused;
    if (!may_be_gone(flow, now)) blame(flow, step, now, verdict, "lost");
    flow.stage.store(CrowdFlow::kNothing, std::memory_order_release);
    flow.steps = 0;
    return;
  }
  const Ends ends = ends_of(frame.data + sizeof(EthernetHeader), v6);
  const Endpoint vip = crowd_vip(step.index);
  if (!client) {
    const Ends wanted{vip, {crowd_client(step.index), flow.client_port}};
    const bool right = ends.source == wanted.source && ends.destination == wanted.destination;
    if ((!right || verdict.port != kOutside) && !may_be_gone(flow, now))
      blame(flow, step, now, verdict, "to another client");
  } else {
    const auto& backends = backends_of(kind);
    uint8_t backend = 0;
    while (backend < kBackends && backends[backend] != ends.destination.address) ++backend;
    const LocalAddress* local = snapshot_.addresses.find(ends.source.address);
    const bool translated = local != nullptr && local->lip != LocalAddress::kNone && backend < kBackends &&
                            ends.destination.port == vip.port && verdict.port == kInside;
    const Protocol protocol = kind == CrowdKind::kUdpRange ? Protocol::kUdp : Protocol::kTcp;
    const SlotIndex slot = translated ? NatSlots::index(local->lip, protocol, ends.source.port) : 0;
    if (stage == CrowdFlow::kNothing) {
      flow.backend = backend;
      flow.slot = slot;
      flow.asked_ms = now.ms;
      ++tally_.opened;
    }
    if (!translated) blame(flow, step, now, verdict, "not translated");
    if ((flow.backend != backend || flow.slot != slot) && !may_be_gone(flow, now))
      blame(flow, step, now, verdict, "to another server or from another slot");
  }
  flow.steps = stage == step.next_stage ? static_cast<uint8_t>(flow.steps < 200 ? flow.steps + 1 : 1) : 0;
  if (stage == CrowdFlow::kAnswered) ++tally_.established;
  if (step.next_stage == CrowdFlow::kNothing) ++tally_.ended;
  flow.stage.store(step.next_stage, std::memory_order_release);
}

void CrowdWorker::step(Now now, bool open_new) {
  std::array<Step, kBurst> steps;
  burst_.count = 0;
  for (unsigned tries = 0; tries < 2 * kBurst && burst_.count < kBurst; ++tries) {
    const uint32_t index =
        turn_.fetch_add(1, std::memory_order_relaxed) % static_cast<uint32_t>(flows_.size());
    CrowdFlow& flow = flows_[index];
    if (flow.taken.exchange(1, std::memory_order_acquire) != 0) continue;
    Step& step = steps[burst_.count];
    if (!plan(flow, index, open_new, step)) {
      flow.taken.store(0, std::memory_order_release);
      continue;
    }
    Frame& frame = burst_.frames[burst_.count];
    frame.data = memory_[burst_.count].data();
    write(flow, step, frame);
    ++burst_.count;
  }
  process(worker_, snapshot_, now, burst_);
  for (unsigned i = 0; i < burst_.count; ++i) {
    CrowdFlow& flow = flows_[steps[i].index];
    check(flow, steps[i], now, burst_.frames[i], burst_.verdicts[i]);
    flow.taken.store(0, std::memory_order_release);
  }
}

}  // namespace lb::test
