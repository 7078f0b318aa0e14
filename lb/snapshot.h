// SPDX-License-Identifier: MIT
// The immutable picture of the world that workers read: made by compile() (lb/compile.h), published by one
// pointer swap, freed when every worker has been quiescent. Nothing in it changes after it is built.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "lb/address.h"
#include "lb/address_table.h"
#include "lb/limits.h"
#include "lb/maglev.h"
#include "lb/quic_router.h"
#include "lb/route_table.h"
#include "lb/service_table.h"
#include "lb/snapshot_spec.h"
#include "lb/stream_rules.h"
#include "lb/trace_filter.h"
#include "lb/ufrag_router.h"

namespace lb {

// A packet refreshes its flow's ticks when they are at least this old; one of an ICE session or an SRT connection sooner, for the
// silence of an address is what lets them move.
inline constexpr uint8_t kTouchTicks = kTicksPerSecond;
inline constexpr uint8_t kRoamTouchTicks = 1;

// For whom a service that reads WHIP learns: pools of `ice` services with the `whip` rung, and who in such a pool is the
// server of the service's own backend.
struct WhipPool {
  ListenerId clients = 0;                                 // the pool's
  std::vector<std::pair<BackendId, BackendId>> backends;  // of the service's pool, of this one; by the first
};

// One service, as the fast path needs it.
struct Service {
  IpAddress vip;
  ListenerId listener = 0;
  ListenerId moved = 0;  // `quic`, `dtls`: the listener of flows that a connection id took elsewhere
  ServiceId id = 0;
  uint16_t pool = 0;  // index into Snapshot::pools
  uint16_t idle_ticks = 0;
  Protocol protocol{};
  Forward forward{};
  Affinity affinity{};
  bool wide = false;                  // flows live in the wide table: IPv6, or a range of ports
  uint8_t touch_ticks = kTouchTicks;  // a packet refreshes its flow's ticks when they are at least this old
  IceSpec ice;
  uint16_t stream_rules = 0;  // `stream`, `srt`: index into Snapshot::stream_rules
  bool reads_whip = false;
  bool proxy_protocol = false;  // of new flows
  bool has_spliced = false;     // some flows may be spliced: each says so itself, in its slot
  bool is_plain =
      false;  // `nat` or `dsr`, and nothing else is done to its packets: neither spliced, nor read, nor counted by session
  uint16_t mss = 0;       // ServiceSpec's
  uint64_t vip_hash = 0;  // the part of tuple_hash() (lb/pick.h) that is the same for all of its packets
};

// What a reply needs to know of the listener its slot names. Indexed by ListenerId; survives its service.
struct Listener {
  IpAddress vip;
  ServiceId service = kServiceGone;
  uint16_t idle_ticks = 0;  // after that long in silence the flow, or the client's place, is forgotten
  bool clients = false;     // not a listener: a pool's `clients` id
  bool servers_check_integrity = false;  // IceSpec's
  uint16_t pool = 0;                     // of its service: index into Snapshot::pools
  uint16_t whip = 0;  // index into Snapshot::whip, that of a service which reads WHIP; 0: it does not
  uint16_t mss = 0;   // its service's
  ListenerId pool_clients = 0;  // Pool::clients of its service's
};

// Indexed by BackendId. Survives its place in the config for as long as flows may point to it.
struct Backend {
  IpAddress address;
  uint16_t port = 0;   // 0: the port that the client addressed
  uint8_t egress = 0;  // valid if routed
  bool routed = false;
  bool takes_new = false;      // effective weight > 0
  bool is_plain[2] = {};       // by Packet::v4: it is of that family, routed, and not unanswered
  IpAddress next_hop;          // on-link address to resolve: the backend itself or a gateway
  uint64_t unanswered_ms = 0;  // BackendSpec's, as is the next
  bool silent = false;
};

// A pool's backends in the form its pick method reads (lb/pick.h).
struct Pool {
  PickMethod pick{};
  ListenerId clients =
      0;  // the listener id under which `source-ip` remembers clients, and `srt` servers' sockets
  uint16_t client_timeout_ticks = 0;
  std::vector<BackendId> members;    // all of them, whatever their weight
  std::vector<BackendId> table;      // maglev: prime look-up table; wrr and least-load: schedule.
                                     // Empty: nobody takes new sessions
  std::vector<uint32_t> weights;     // least-load only, beside `table`
  std::vector<MaglevEntry> entries;  // what `table` was built from
  QuicRouter quic;
  UfragRouter ufrags;
};

struct Snapshot {
  uint64_t generation = 0;
  uint64_t pick_seed = 0;
  FlowTimeouts timeouts;
  AddressTable addresses;  // VIPs and LIPs
  ServiceTable service_table;
  RouteTable routes;
  std::vector<Service> services;
  bool any_connection_ids = false;  // that a service goes by
  std::vector<Listener> listeners;  // kMaxListeners
  std::vector<Backend> backends;
  bool any_unanswered = false;  // of them
  std::vector<Pool> pools;
  std::vector<IpAddress> lips;        // by LipIndex; unset where the id is not in use
  std::vector<LipIndex> active_lips;  // those that take new flows
  IpAddress tunnel_v4, tunnel_v6;     // the LIPs that tunnels begin at; unset: there is none of that family
  std::vector<PortSpec> ports;
  std::vector<std::vector<WhipPool>> whip;  // by Listener::whip
  std::vector<StreamRules> stream_rules;    // by Service::stream_rules
  // least-load: open sessions by BackendId when the snapshot was compiled, in all and per worker.
  std::vector<int64_t> sessions;
  std::vector<std::vector<int64_t>> sessions_of_worker;
  std::optional<Trace> trace;  // while an operator looks at packets

  // By an id that a slot or a flow entry names, and another process may have written.
  [[nodiscard]] const Listener& listener(ListenerId id) const noexcept {
    static_assert((kMaxListeners & (kMaxListeners - 1)) == 0);
    return listeners[id & (kMaxListeners - 1)];
  }
};

}  // namespace lb
