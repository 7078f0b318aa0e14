// SPDX-License-Identifier: MIT
#include "lb/compile.h"

#include <map>

#include "lb/hash.h"
#include "lb/maglev.h"
#include "lb/pick.h"
#include "lb/pool_routers.h"
#include "lb/spec_check.h"
#include "lb/whip_pools.h"

namespace lb {
namespace {

// An id that left the config keeps its meaning until every slot and entry that names it has expired.
constexpr uint64_t kHoldMs = uint64_t{kMaxTimeoutS} * 1000 + 120'000;
constexpr uint16_t kDefaultIdleTicks = ticks_of_s(900);

uint64_t backend_identity(const std::string& pool, const BackendSpec& backend, uint64_t seed) {
  return hash_address(backend.address, name_hash(pool) ^ backend.port, seed);
}

class Compiler {
 public:
  Compiler(const SnapshotSpec& spec, Segment& segment, Now now, const Snapshot* previous)
      : spec_(spec),
        segment_(segment),
        now_(now),
        previous_(previous),
        snapshot_(std::make_unique<Snapshot>()) {}

  Result<std::unique_ptr<const Snapshot>> run(uint64_t generation,
                                              std::span<const WorkerCounters* const> workers) {
    Snapshot& s = *snapshot_;
    s.generation = generation;
    s.pick_seed = spec_.pick_seed;
    s.timeouts = spec_.timeouts;
    s.ports = spec_.ports;
    s.routes = RouteTable(spec_.ports);
    // Full size: a worker may still read the former snapshot when a slot already names an id of this one.
    s.backends.resize(segment_.backends().size());
    s.listeners.resize(segment_.listeners().size());
    for (Listener& listener : s.listeners) listener.idle_ticks = kDefaultIdleTicks;
    const Ids former(segment_);
    for (const auto step : {&Compiler::add_lips, &Compiler::add_pools, &Compiler::add_services}) {
      if (Status status = (this->*step)(); !status) {
        former.put_back(segment_);
        return Error{status.error()};
      }
    }
    add_whip();
    s.service_table.build(rows_);
    copy_former_ids();
    add_trace();
    if (wants_sessions_) count_sessions(workers);
    release();
    return std::unique_ptr<const Snapshot>(std::move(snapshot_));
  }

 private:
  // All ids as they are before any is given.
  struct Ids {
    explicit Ids(Segment& s)
        : backends(s.backends().copy()),
          listeners(s.listeners().copy()),
          lips(s.lips().copy()),
          services(s.services().copy()) {}
    void put_back(Segment& s) const {
      s.backends().put_back(backends);
      s.listeners().put_back(listeners);
      s.lips().put_back(lips);
      s.services().put_back(services);
    }
    std::vector<IdentityEntry> backends, listeners, lips, services;
  };
  // Ids given in this run, by table.
  struct Used {
    explicit Used(size_t size) : marks(new bool[size]()), count(size) {}
    std::unique_ptr<bool[]> marks;
    size_t count;
    [[nodiscard]] std::span<const bool> span() const { return {marks.get(), count}; }
  };

  static Result<uint16_t> take(IdentityTable& table, Used& used, const Identity& identity, Now now,
                               const std::string& what) {
    const auto id = table.acquire(identity, now.ms, kHoldMs);
    if (!id)
      return Error{"no id is left for " + what + " (" + std::to_string(table.size()) +
                   " in use or held for flows of former ones)"};
    used.marks[*id] = true;
    return *id;
  }

  Status add_lips() {
    Snapshot& s = *snapshot_;
    s.lips.resize(segment_.lips().size());
    for (const IpAddress& lip : spec_.lips) {
      Identity identity;
      identity.kind = IdentityKind::kLip;
      identity.address = lip;
      const auto id = take(segment_.lips(), lips_used_, identity, now_, "LIP " + lip.to_string());
      if (!id) return Error{id.error() + "; a restart with a larger state makes room"};
      s.active_lips.push_back(id.value());
      IpAddress& tunnel = lip.is_v4() ? s.tunnel_v4 : s.tunnel_v6;
      if (tunnel.is_unset()) tunnel = lip;
    }
    return Nothing{};
  }

  Status add_pools() {
    for (const PoolSpec& spec : spec_.pools) {
      pool_index_[spec.name] = static_cast<uint16_t>(snapshot_->pools.size());
      if (Status status = add_pool(spec); !status) return status;
    }
    return Nothing{};
  }

  Status add_pool(const PoolSpec& spec) {
    Pool pool;
    pool.pick = spec.pick;
    pool.client_timeout_ticks = ticks_of_s(spec.client_timeout_s);
    Identity clients;
    clients.kind = IdentityKind::kPoolClients;
    clients.name_hash = name_hash(spec.name);
    const auto id = take(segment_.listeners(), listeners_used_, clients, now_, "pool " + spec.name);
    if (!id) return Error{id.error()};
    pool.clients = id.value();
    snapshot_->listeners[pool.clients].clients = true;
    snapshot_->listeners[pool.clients].idle_ticks = pool.client_timeout_ticks;

    std::vector<MaglevEntry> entries;
    std::vector<Weighted> weighted;
    BackendIds ids;
    PoolMembers& members = members_.emplace_back();
    for (const BackendSpec& backend : spec.backends) {
      Identity identity;
      identity.kind = IdentityKind::kBackend;
      identity.address = backend.address;
      identity.port = backend.port;
      identity.name_hash = clients.name_hash;
      const std::string name = "backend " + Endpoint{backend.address, backend.port}.to_string();
      const auto backend_id = take(segment_.backends(), backends_used_, identity, now_, name);
      if (!backend_id) return Error{backend_id.error()};
      ids[{backend.address, backend.port}] = backend_id.value();
      members.emplace_back(backend.address, backend_id.value());
      pool.members.push_back(backend_id.value());
      put_backend(backend_id.value(), backend.address, backend.port, backend.weight > 0);
      Backend& compiled = snapshot_->backends[backend_id.value()];
      compiled.unanswered_ms = backend.unanswered_ms;
      compiled.silent = backend.silent;
      if (backend.unanswered_ms != 0) compiled.is_plain[0] = compiled.is_plain[1] = false;
      snapshot_->any_unanswered |= backend.unanswered_ms != 0;
      if (backend.weight == 0) continue;
      entries.push_back(
          {backend_identity(spec.name, backend, spec_.pick_seed), backend.weight, backend_id.value()});
      weighted.push_back({backend_id.value(), backend.weight});
    }
    build_table(pool, entries, weighted);
    auto router = quic_router(spec, ids);
    if (!router) return Error{"pool " + spec.name + ": " + router.error()};
    pool.quic = std::move(router).value();
    pool.ufrags = ufrag_router(spec, ids);
    snapshot_->pools.push_back(std::move(pool));
    return Nothing{};
  }

  void build_table(Pool& pool, const std::vector<MaglevEntry>& entries,
                   const std::vector<Weighted>& weighted) {
    pool.entries = entries;
    std::map<BackendId, uint32_t> weight_of;
    switch (pool.pick) {
      case PickMethod::kMaglev:
        if (const Pool* same = unchanged(pool)) {
          pool.table = same->table;
        } else {
          pool.table = maglev_table(entries, maglev_size(100 * entries.size()));
        }
        break;
      case PickMethod::kWrr:
        pool.table = wrr_schedule(weighted);
        break;
      case PickMethod::kLeastLoad:
        wants_sessions_ = true;
        pool.table = wrr_schedule(weighted);
        for (const Weighted& w : weighted) weight_of[w.id] = w.weight;
        for (const BackendId id : pool.table) pool.weights.push_back(weight_of[id]);
        break;
    }
  }

  // The previous snapshot's pool with the same members and weights.
  const Pool* unchanged(const Pool& pool) const {
    if (previous_ == nullptr || previous_->pick_seed != spec_.pick_seed) return nullptr;
    for (const Pool& old : previous_->pools)
      if (old.clients == pool.clients && old.pick == pool.pick && old.entries == pool.entries) return &old;
    return nullptr;
  }

  void put_backend(uint16_t id, const IpAddress& address, uint16_t port, bool takes_new) {
    Backend backend;
    backend.address = address;
    backend.port = port;
    backend.takes_new = takes_new;
    if (const auto route = snapshot_->routes.find(address)) {
      backend.routed = true;
      backend.is_plain[address.is_v4()] = true;
      backend.egress = route->port;
      backend.next_hop = route->next_hop;
    }
    snapshot_->backends[id] = backend;
  }

  Status add_services() {
    std::map<IpAddress, uint16_t> vips;
    for (const ServiceSpec& spec : spec_.services) {
      Identity listener;
      listener.kind = IdentityKind::kListener;
      listener.address = spec.vip;
      listener.protocol = spec.protocol;
      listener.port = spec.port_first == spec.port_last ? spec.port_first : 0;
      listener.range_first = listener.port == 0 ? spec.port_first : uint16_t{0};
      const std::string who = "the listener of service " + spec.name;
      const auto listener_id = take(segment_.listeners(), listeners_used_, listener, now_, who);
      if (!listener_id) return Error{listener_id.error()};
      listener.lane = ListenerLane::kMoved;
      const auto moved_id = has_connection_ids(spec.affinity)
                                ? take(segment_.listeners(), listeners_used_, listener, now_, who)
                                : listener_id;
      if (!moved_id) return Error{moved_id.error()};
      Identity name;
      name.kind = IdentityKind::kService;
      name.name_hash = name_hash(spec.name);
      const auto service_id = take(segment_.services(), services_used_, name, now_, "service " + spec.name);
      if (!service_id) return Error{service_id.error()};
      const auto vip = vips.emplace(spec.vip, static_cast<uint16_t>(vips.size()));
      if (vip.second) addresses_.push_back({spec.vip, vip.first->second, LocalAddress::kNone});
      Service service;
      service.vip = spec.vip;
      service.listener = listener_id.value();
      service.moved = moved_id.value();
      service.id = service_id.value();
      service.pool = pool_index_.at(spec.pool);
      service.idle_ticks = ticks_of_s(spec.idle_timeout_s);
      service.protocol = spec.protocol;
      service.forward = spec.forward;
      service.affinity = spec.affinity;
      service.ice = spec.ice;
      service.reads_whip = spec.reads_whip;
      service.proxy_protocol = spec.proxy_protocol;
      if (Status status = add_stream_rules(spec, service); !status) return status;
      const bool splices = spec.proxy_protocol || spec.affinity == Affinity::kStream;
      if (splices) segment_.listeners().set_has_spliced(service.listener, true);
      service.has_spliced = segment_.listeners().has_spliced(service.listener);
      const bool rewrites_alone =
          spec.forward == Forward::kNat && spec.affinity != Affinity::kIce && !service.has_spliced;
      service.is_plain = !spec.reads_whip && (rewrites_alone || spec.forward == Forward::kDsr);
      service.mss = spec.mss;
      service.vip_hash = hash_pair(spec.vip.high(), spec.vip.low(), spec_.pick_seed);
      const bool may_roam = spec.affinity == Affinity::kIce || spec.affinity == Affinity::kSrt;
      if (may_roam) service.touch_ticks = kRoamTouchTicks;
      service.wide = !spec.vip.is_v4() || listener.port == 0;
      rows_.push_back({vip.first->second, spec.protocol, spec.port_first, spec.port_last,
                       static_cast<uint16_t>(snapshot_->services.size())});
      for (const ListenerId id : {service.listener, service.moved}) {
        snapshot_->listeners[id] = {
            spec.vip, service.id, service.idle_ticks, false, spec.ice.servers_check_integrity, service.pool,
            0,        spec.mss};
        snapshot_->listeners[id].pool_clients = snapshot_->pools[service.pool].clients;
      }
      snapshot_->any_connection_ids |= has_connection_ids(spec.affinity);
      snapshot_->services.push_back(service);
    }
    return Nothing{};
  }

  Status add_stream_rules(const ServiceSpec& spec, Service& service) {
    if (!goes_by_stream(spec.affinity)) return Nothing{};
    std::vector<StreamRules::Route> routes;
    for (const StreamRouteSpec& route : spec.routes)
      routes.push_back({route.vhost, route.app, pool_index_.at(route.pool)});
    auto rules = StreamRules::make(spec.vhosts, routes, service.pool);
    if (!rules) return Error{"service " + spec.name + ": " + rules.error()};
    service.stream_rules = static_cast<uint16_t>(snapshot_->stream_rules.size());
    snapshot_->stream_rules.push_back(std::move(rules).value());
    return Nothing{};
  }

  // Once the `ice` services are known.
  void add_whip() {
    snapshot_->whip.resize(1);
    for (const Service& service : snapshot_->services) {
      if (!service.reads_whip) continue;
      snapshot_->listeners[service.listener].whip = static_cast<uint16_t>(snapshot_->whip.size());
      std::vector<WhipPool>& whip = snapshot_->whip.emplace_back();
      const bool routed = service.affinity == Affinity::kStream;
      for (const uint16_t pool : routed ? snapshot_->stream_rules[service.stream_rules].pools()
                                        : std::vector<uint16_t>{service.pool})
        for (WhipPool& found : whip_pools(*snapshot_, members_, pool)) whip.push_back(std::move(found));
    }
  }

  void add_trace() {
    if (!spec_.trace) return;
    Trace trace{spec_.trace->filter, std::nullopt, spec_.trace->rings};
    if (!spec_.trace->service.empty()) {
      constexpr ServiceId kNobody = kServiceGone + 1;
      trace.service = kNobody;
      for (size_t i = 0; i < spec_.services.size(); ++i)
        if (spec_.services[i].name == spec_.trace->service) trace.service = snapshot_->services[i].id;
    }
    snapshot_->trace = std::move(trace);
  }

  // Ids that the config no longer names still mean something to live flows.
  void copy_former_ids() {
    Snapshot& s = *snapshot_;
    for (size_t i = 0; i < segment_.backends().size(); ++i) {
      const auto id = static_cast<uint16_t>(i);
      const Identity& identity = segment_.backends().at(id);
      if (identity.kind == IdentityKind::kBackend && !backends_used_.marks[i])
        put_backend(id, identity.address, identity.port, false);
    }
    for (size_t i = 0; i < segment_.listeners().size(); ++i) {
      const Identity& identity = segment_.listeners().at(static_cast<uint16_t>(i));
      if (listeners_used_.marks[i]) continue;
      if (previous_ != nullptr) s.listeners[i] = previous_->listeners[i];
      if (identity.kind == IdentityKind::kListener) s.listeners[i].vip = identity.address;
      s.listeners[i].clients = identity.kind == IdentityKind::kPoolClients;
    }
    for (size_t i = 0; i < segment_.lips().size(); ++i) {
      const Identity& identity = segment_.lips().at(static_cast<uint16_t>(i));
      if (identity.kind != IdentityKind::kLip || !still_needed(static_cast<LipIndex>(i))) continue;
      s.lips[i] = identity.address;
      addresses_.push_back({identity.address, LocalAddress::kNone, static_cast<uint16_t>(i)});
    }
    s.addresses.build(addresses_);
  }

  // A LIP that left the config is answered for until its last flow is over; then its address may go to another host.
  // Young ones stay: a worker that still reads the former snapshot may open a flow on them.
  bool still_needed(LipIndex lip) const {
    constexpr uint64_t kYoungMs = 10'000;
    const uint64_t released = segment_.lips().released_ms(lip);
    if (released == 0 || now_.ms < released + kYoungMs) return true;
    const SlotIndex first = lip * kSlotsPerLip;
    for (SlotIndex slot = first; slot < first + kSlotsPerLip; ++slot)
      if (in_use(SlotControl(segment_.slots().at(slot).control.load(std::memory_order_relaxed)).state()))
        return true;
    return false;
  }

  void count_sessions(std::span<const WorkerCounters* const> workers) {
    Snapshot& s = *snapshot_;
    s.sessions.assign(s.backends.size(), 0);
    for (const WorkerCounters* worker : workers) {
      std::vector<int64_t> mine(s.backends.size());
      for (size_t id = 0; id < mine.size(); ++id) {
        const TrafficCounters& c = worker->backends[id];
        mine[id] = static_cast<int64_t>(c.flows_opened.get() - c.flows_closed.get());
        s.sessions[id] += mine[id];
      }
      s.sessions_of_worker.push_back(std::move(mine));
    }
  }

  void release() {
    segment_.backends().release_unmarked(backends_used_.span(), now_.ms);
    segment_.listeners().release_unmarked(listeners_used_.span(), now_.ms);
    segment_.lips().release_unmarked(lips_used_.span(), now_.ms);
    segment_.services().release_unmarked(services_used_.span(), now_.ms);
  }

  const SnapshotSpec& spec_;
  Segment& segment_;
  const Now now_;
  const Snapshot* previous_;
  std::unique_ptr<Snapshot> snapshot_;
  std::map<std::string, uint16_t> pool_index_;
  std::vector<PoolMembers> members_;  // by pool index
  std::vector<LocalAddress> addresses_;
  std::vector<ServiceTable::Row> rows_;
  bool wants_sessions_ = false;
  Used backends_used_{kMaxBackends};
  Used listeners_used_{kMaxListeners};
  Used lips_used_{segment_.lips().size()};
  Used services_used_{kMaxServices};
};

}  // namespace

Result<std::unique_ptr<const Snapshot>> compile(const SnapshotSpec& spec, Segment& segment,
                                                uint64_t generation, Now now,
                                                std::span<const WorkerCounters* const> workers,
                                                const Snapshot* previous) {
  if (Status status = check(spec); !status) return Error{status.error()};
  return Compiler(spec, segment, now, previous).run(generation, workers);
}

}  // namespace lb
