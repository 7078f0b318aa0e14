// SPDX-License-Identifier: MIT
#include "tools/bench_batch.h"

#include <algorithm>
#include <set>

namespace bench {
namespace {

constexpr size_t kFrameRoom = 2304;  // from one frame to the next, about as in an mbuf pool
constexpr uint16_t kHeadroom = 128;
constexpr unsigned kPacketsOfMoved = 32;
constexpr uint64_t kNobodysNumber = uint64_t{1} << 31;
constexpr uint64_t kTouchNs = 300'000'000;  // after which a packet touches its flow again

// How a flow begins.
Payload first_of(const ServiceSetup& setup) {
  if (setup.protocol == lb::Protocol::kTcp) return Payload::kSyn;
  if (setup.affinity == lb::Affinity::kIce) return Payload::kCheck;
  return setup.affinity == lb::Affinity::kQuic ? Payload::kQuic : Payload::kPlain;
}

Payload answer_of(const ServiceSetup& setup) {
  if (setup.protocol == lb::Protocol::kTcp) return Payload::kSynAck;
  return setup.affinity == lb::Affinity::kIce ? Payload::kSuccess : Payload::kPlain;
}

}  // namespace

Batch::Batch(World& world, unsigned worker)
    : world_(world),
      index_(static_cast<uint8_t>(worker)),
      memory_(kFrames * kFrameRoom, world.setup().huge),
      worker_(world.make_worker(worker, *counters_)) {}

uint8_t* Batch::room(unsigned at) const {
  return reinterpret_cast<uint8_t*>(memory_.bytes().data()) + at * kFrameRoom + kHeadroom;
}

void Batch::write(unsigned at, const lb::Endpoint& client) {
  const Planned& plan = planned_[at];
  const Flow& flow = plan.flow;
  lb::Endpoint source = client, destination = world_.vip_of(flow);
  const bool reply = plan.traffic == Traffic::kReplies;
  if (reply) {
    const lb::Snapshot& snapshot = world_.snapshot();
    source = {snapshot.backends[flow.backend].address, destination.port};
    destination = {snapshot.lips[lb::NatSlots::lip_of(flow.slot)], lb::NatSlots::port_of(flow.slot)};
  }
  PayloadRoom payload;
  const Content content =
      write_payload(payload, plan.payload, {flow.number, world_.server_of(flow), world_.setup().cids});
  const uint16_t length =
      write_frame(room(at), reply ? kInsideMac : kOutsideMac, kGatewayMac, source, destination, content);
  frames_[at] = {room(at), length, kHeadroom, reply ? kInside : kOutside};
}

void Batch::plan(std::span<const Part> mix) {
  unsigned shares = 0;
  for (const Part& part : mix) shares += part.share;
  for (unsigned at = 0; at < kFrames; ++at) {
    auto turn = static_cast<unsigned>(mix.size() == 1 ? 0 : world_.random() % shares);
    const Part* part = mix.data();
    for (; turn >= part->share; ++part) turn -= part->share;
    ServiceIndex service = part->service;
    if (part->services > 1) service = static_cast<ServiceIndex>(service + world_.random() % part->services);
    const std::vector<Flow>& flows = world_.flows(service);
    Planned& planned = planned_[at];
    // A client that moved goes on for a while.
    if (part->traffic != Traffic::kMoved || at % kPacketsOfMoved == 0) {
      planned.index = world_.random() % flows.size();
      planned.flow = part->traffic == Traffic::kNew ? world_.next_client(service) : flows[planned.index];
      if (part->traffic == Traffic::kNobody) planned.flow.number = kNobodysNumber + at;
    } else {
      planned = planned_[at - 1];
    }
    planned.traffic = part->traffic;
    planned.payload = part->payload;
    nobodys_ += part->traffic == Traffic::kNobody ? 1 : 0;
    unknown_ += part->traffic == Traffic::kNew || part->traffic == Traffic::kNobody ? 1 : 0;
  }
}

void Batch::prepare(std::span<const Part> mix) {
  nobodys_ = unknown_ = 0;
  plan(mix);
  no_session_ = drops(lb::DropReason::kNoSession);
  table_full_ = drops(lb::DropReason::kTableFull);
  lb::Endpoint elsewhere;
  for (unsigned at = 0; at < kFrames; ++at) {
    const Planned& plan = planned_[at];
    const bool moved = plan.traffic == Traffic::kMoved;
    if (plan.traffic == Traffic::kNobody || (moved && at % kPacketsOfMoved == 0))
      elsewhere = {world_.next_client(plan.flow.service).client, plan.flow.port};
    const bool at_home = !moved && plan.traffic != Traffic::kNobody;
    write(at, at_home ? lb::Endpoint{plan.flow.client, plan.flow.port} : elsewhere);
  }
}

void Batch::load(unsigned first, unsigned count) {
  burst_.count = count;
  for (unsigned i = 0; i < count; ++i) {
    burst_.frames[i] = frames_[first + i];
    __builtin_prefetch(burst_.frames[i].data);
  }
}

// As a caller that sends the frames reads them; forgets Cleat's own.
void Batch::unload(unsigned first) {
  for (unsigned i = 0; i < burst_.count; ++i) {
    frames_[first + i] = burst_.frames[i];
    actions_[first + i] = burst_.verdicts[i].action;
  }
  worker_->out.clear();
}

void Batch::run(unsigned burst, unsigned first, unsigned count) {
  const lb::Snapshot& snapshot = world_.snapshot();
  const lb::Now now = world_.now();
  for (unsigned at = first; at < first + count; at += burst) {
    load(at, std::min(burst, first + count - at));
    lb::process(*worker_, snapshot, now, burst_);
    unload(at);
    lb::housekeep(*worker_, snapshot, now);
  }
}

bool Batch::learn(const Left& left, Flow& flow) const {
  const ServiceSetup& setup = setup_of(flow);
  flow.backend = world_.backend_of(left.to);
  flow.worker = index_;
  const bool named = setup.affinity == lb::Affinity::kQuic;
  if (named && flow.backend != world_.backend(world_.server_of(flow))) return false;
  const lb::Snapshot& snapshot = world_.snapshot();
  const lb::IpAddress& server = snapshot.backends[flow.backend].address;
  const lb::Endpoint client{flow.client, flow.port};
  if (lb::is_one_way(setup.forward))
    return left.source == client && left.destination == world_.vip_of(flow) &&
           left.outer_destination == (lb::is_tunnel(setup.forward) ? server : left.destination.address);
  const lb::LocalAddress* local = snapshot.addresses.find(left.source.address);
  if (local == nullptr || local->lip == lb::LocalAddress::kNone) return false;
  flow.slot = lb::NatSlots::index(local->lip, setup.protocol, left.source.port);
  const auto view = lb::NatSlots::read(world_.slots().at(flow.slot));
  return view && view->client == flow.client && view->client_port == flow.port &&
         view->control.backend() == flow.backend && left.destination.address == server;
}

bool Batch::came_back(const Left& left, const Flow& flow) const {
  return left.destination == lb::Endpoint{flow.client, flow.port} && left.source == world_.vip_of(flow) &&
         left.to == kGatewayMac;
}

const char* Batch::check_one(unsigned at) {
  constexpr const char* kStrayed = "a packet did not go where its flow demands";
  Planned& plan = planned_[at];
  const bool is_new = plan.traffic == Traffic::kNew;
  if (plan.traffic == Traffic::kNobody) return actions_[at] == lb::Action::kDrop ? nullptr : kStrayed;
  if (is_new && world_.setup().until_full && actions_[at] == lb::Action::kDrop) {
    ++full_;
    ++untracked_;
    return nullptr;
  }
  if (actions_[at] != lb::Action::kTx) return kStrayed;
  const bool checksums = at % kCheckedEvery == checked_from_;
  const bool reply = plan.traffic == Traffic::kReplies;
  const Left left = read_frame({frames_[at].data, frames_[at].length},
                               reply ? lb::Forward::kNat : setup_of(plan.flow).forward, checksums);
  if (checksums && !left.checksums_right) return "a checksum is wrong";
  checksums_ += checksums ? 1 : 0;
  if (reply) return came_back(left, plan.flow) ? nullptr : kStrayed;
  Flow seen = plan.flow;
  if (!learn(left, seen)) return kStrayed;
  if (!is_new) return seen.slot == plan.flow.slot && seen.backend == plan.flow.backend ? nullptr : kStrayed;
  plan.flow = seen;
  if (!world_.is_tracked(seen)) ++untracked_;
  return nullptr;
}

const char* Batch::check() {
  untracked_ = full_ = 0;
  checked_from_ = static_cast<unsigned>(world_.random() % kCheckedEvery);
  for (unsigned at = 0; at < kFrames; ++at)
    if (const char* const problem = check_one(at)) return problem;
  if (drops(lb::DropReason::kNoSession) - no_session_ != nobodys_) return "a drop has another reason";
  if (drops(lb::DropReason::kTableFull) - table_full_ != full_) return "a drop has another reason";
  if (untracked_ != 0 && !world_.setup().until_full) return "a new flow was not entered";
  return nullptr;
}

void Batch::settle() {
  std::vector<std::set<size_t>> ended(world_.setup().services.size());
  for (unsigned at = 0; at < kFrames; ++at) {
    const Planned& plan = planned_[at];
    if (plan.traffic == Traffic::kNew && actions_[at] == lb::Action::kTx && world_.is_tracked(plan.flow))
      world_.close(plan.flow);
    if (plan.payload == Payload::kFin) ended[plan.flow.service].insert(plan.index);
  }
  for (ServiceIndex service = 0; service < ended.size(); ++service) {
    std::vector<Flow>& flows = world_.flows(service);
    for (const size_t index : ended[service]) world_.close(flows[index]);
    const std::vector<Flow> fresh = open(service, static_cast<unsigned>(ended[service].size()));
    if (fresh.size() != ended[service].size()) fail("a flow could not be replaced");
    size_t next = 0;
    for (const size_t index : ended[service]) flows[index] = fresh[next++];
  }
}

void Batch::send(std::span<const Flow> flows, Traffic traffic, Payload payload) {
  for (unsigned at = 0; at < flows.size(); ++at) {
    planned_[at] = {flows[at], 0, traffic, payload};
    write(at, {flows[at].client, flows[at].port});
  }
  run(lb::kMaxBurst, 0, static_cast<unsigned>(flows.size()));
}

std::vector<Flow> Batch::open(ServiceIndex service, unsigned count) {
  const ServiceSetup& setup = world_.setup().services[service];
  std::vector<Flow> clients(count), opened;
  for (Flow& client : clients) client = world_.next_client(service);
  send(clients, Traffic::kNew, first_of(setup));
  for (unsigned at = 0; at < count; ++at) {
    if (actions_[at] != lb::Action::kTx) continue;
    const Left left = read_frame({frames_[at].data, frames_[at].length}, setup.forward, false);
    if (!learn(left, clients[at])) fail("a new flow went nowhere");
    if (world_.is_tracked(clients[at])) opened.push_back(clients[at]);
  }
  if (setup.forward == lb::Forward::kNat) send(opened, Traffic::kReplies, answer_of(setup));
  if (setup.protocol == lb::Protocol::kTcp) send(opened, Traffic::kClients, Payload::kAck);
  if (setup.affinity == lb::Affinity::kIce) {
    world_.pass(kTouchNs);
    send(opened, Traffic::kClients, Payload::kRtp);
  }
  return opened;
}

}  // namespace bench
