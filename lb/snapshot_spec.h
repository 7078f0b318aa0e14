// SPDX-License-Identifier: MIT
// What control wants the dataplane to do: plain values, every factor of a weight already multiplied in.
// compile() (lb/compile.h) turns a SnapshotSpec into the immutable Snapshot that workers read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lb/address.h"
#include "lb/aes128.h"
#include "lb/quic_lb_config.h"
#include "lb/time.h"
#include "lb/trace_filter.h"
#include "lb/vlan.h"

namespace lb {

enum class Protocol : uint8_t { kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58 };
enum class Forward : uint8_t { kNat, kDsr, kIpip, kGue };
constexpr bool is_tunnel(Forward f) { return f == Forward::kIpip || f == Forward::kGue; }
// The backend sees the client's own packet, and answers the client itself.
constexpr bool is_one_way(Forward f) { return f != Forward::kNat; }
enum class Affinity : uint8_t { kTuple, kSourceIp, kStream, kSrt, kQuic, kDtls, kIce };
// A packet's tuple is all that tells whose it is, once its flow is there.
constexpr bool goes_by_tuple(Affinity a) { return a <= Affinity::kSrt; }
// New flows go to the server that has the stream which they ask for.
constexpr bool goes_by_stream(Affinity a) { return a == Affinity::kStream || a == Affinity::kSrt; }
// Reads connection ids that the servers made.
constexpr bool has_connection_ids(Affinity a) { return a == Affinity::kQuic || a == Affinity::kDtls; }
enum class PickMethod : uint8_t { kMaglev, kWrr, kLeastLoad };

struct BackendSpec {
  IpAddress address;
  uint16_t port = 0;           // 0: the port that the client addressed
  uint32_t weight = 0;         // effective weight, 0..1,000,000; 0 takes no new sessions, its flows go on
  uint64_t unanswered_ms = 0;  // since when it answers nothing; 0: it does, or its flows are not to be reset
  bool silent = false;  // there is nobody, and its flows may be reset (lb/silence.h). REQUIRES: unanswered_ms
};

// One QUIC-LB configuration of a pool, and whose its server ids are.
struct QuicLbSpec {
  struct Server {
    QuicServerId id;   // of config.server_id_length octets; unique
    Endpoint backend;  // of the pool; one that the pool does not have is passed over
  };
  QuicLbConfig config;
  std::vector<Server> servers;
};

// Whose the numbers in the servers' ICE ufrags are (lb/server_ufrag.h).
struct UfragSpec {
  struct Server {
    uint16_t id = 0;   // unique
    Endpoint backend;  // of the pool; one that the pool does not have is passed over
  };
  AesKey key{};
  std::vector<Server> servers;
};

struct PoolSpec {
  std::string name;
  PickMethod pick = PickMethod::kMaglev;
  std::vector<BackendSpec> backends;  // (address, port) unique within the pool
  uint32_t client_timeout_s = 600;    // `source-ip`: how long an idle client is remembered, 1..kMaxTimeoutS
  std::vector<QuicLbSpec> quic_lb;    // at most one for each config id
  std::optional<UfragSpec> ufrag;
};

// Of a service with `affinity: ice`: which rungs of the ladder it uses (lb/session.h), and what its servers check.
struct IceSpec {
  bool ufrag = true;
  bool whip = true;
  bool ask = true;  // nat only
  bool hash = true;
  bool servers_check_integrity = false;  // then a server's success answer is proof of who asked; SRS does not
};

// Of a service that goes_by_stream(): streams whose servers are in another pool than the service's (lb/stream_rules.h).
struct StreamRouteSpec {
  std::string vhost, app;  // one of the two may be empty
  std::string pool;        // name of one of the pools
  friend bool operator==(const StreamRouteSpec&, const StreamRouteSpec&) = default;
};

struct ServiceSpec {
  std::string name;  // unique
  IpAddress vip;
  Protocol protocol = Protocol::kTcp;  // kTcp or kUdp
  uint16_t port_first = 0;             // 1..65535; any port: 1 and 65535
  uint16_t port_last = 0;              // >= port_first; equal for a single port
  std::string pool;                    // name of one of the pools
  Forward forward = Forward::kNat;
  Affinity affinity = Affinity::kTuple;
  uint32_t idle_timeout_s = 900;  // 1..kMaxTimeoutS; after it a silent flow is forgotten
  IceSpec ice;
  // TCP: reads WHIP and WHEP on the way, and learns from them sessions of the `ice` services whose pools have the same
  // servers (by address).
  bool reads_whip = false;
  // Where it goes_by_stream(): hosts that are vhosts of their own, all others being the default vhost, and streams that have another pool.
  std::vector<std::string> vhosts;
  std::vector<StreamRouteSpec> routes;
  bool proxy_protocol =
      false;         // TCP in nat: servers are told by a header who the client is (lb/proxy_header.h)
  uint16_t mss = 0;  // TCP: no larger segments than that, kLeastMss..kMostMss; 0: what the ports take
};

inline constexpr uint16_t kLeastMss = 536, kMostMss = 8960;

struct StaticNeighbour {
  IpAddress address;
  MacAddress mac;
};

struct PortSpec {
  std::string name;
  std::vector<Prefix> addresses;  // the port's own addresses, with their on-link networks
  std::optional<IpAddress> gateway_v4;
  std::optional<IpAddress> gateway_v6;
  std::vector<StaticNeighbour> neighbours;
  PortTag tag;
};

// How long a flow through `nat` may be silent in states other than established, in seconds; 1..3,600.
struct FlowTimeouts {
  uint32_t syn_s = 30;           // TCP: its client has not finished the handshake
  uint32_t half_closed_s = 120;  // TCP: one side has sent FIN; the service's idle time-out if that is shorter
  uint32_t closed_s = 2;         // TCP: both have, or one a RST that nobody refuted
  uint32_t unanswered_udp_s = 5;  // the backend has not answered
  friend bool operator==(const FlowTimeouts&, const FlowTimeouts&) = default;
};

struct SnapshotSpec {
  std::vector<PortSpec> ports;  // index = the dataplane's port number
  std::vector<IpAddress> lips;  // in config order; ids come from the segment, so order does not matter
  std::vector<PoolSpec> pools;
  std::vector<ServiceSpec> services;
  FlowTimeouts timeouts;
  uint64_t pick_seed = 0;          // same on every balancer with the same config, so that all pick alike
  std::optional<TraceSpec> trace;  // at most one at a time, so that what it may cost is known
};

}  // namespace lb
