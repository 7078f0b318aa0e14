// SPDX-License-Identifier: MIT
// The configuration as plain values: what one YAML file says (docs/config.md), checked, defaults filled in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/address.h"
#include "lb/result.h"
#include "lb/snapshot_spec.h"

namespace control {

// `health:` of a pool.
struct HealthConfig {
  enum class Type : uint8_t { kTcp, kHttp, kUdp, kIcmp };
  Type type = Type::kTcp;
  std::string path;                 // http only: "/api/v1/versions"
  uint16_t port = 0;                // 0: the backend's own port; REQUIRED if a backend has none, but for icmp
  uint32_t interval_ms = 2000;      // 100..3,600,000
  uint32_t fast_interval_ms = 500;  // after the first failure, until the state is sure again
  uint32_t timeout_ms = 1000;       // of one check, connect to last byte
  uint32_t rise = 2;                // successes in a row that make a backend healthy, 1..100
  uint32_t fall = 2;                // failures in a row that make it unhealthy, 1..100
  uint16_t status = 0;              // http: expected status; 0 = any of 200..299
  std::string body;                 // http: text the body must contain; empty = any
  std::string send;                 // udp: the datagram, 1..1,400 bytes
  bool answer_required = false;     // udp: silence fails
  std::string begins, contains;     // udp: what the answer must begin with, and contain; empty = any
  friend bool operator==(const HealthConfig&, const HealthConfig&) = default;
};

// True if the check needs a port and neither it nor the backend names one.
inline bool lacks_port(const HealthConfig& check, const lb::Endpoint& backend) {
  return check.type != HealthConfig::Type::kIcmp && check.port == 0 && backend.port == 0;
}

struct BackendConfig {
  lb::Endpoint endpoint;  // port 0: the port that the client addressed
  uint32_t weight = 100;  // operator weight, 0..10,000
  friend bool operator==(const BackendConfig&, const BackendConfig&) = default;
};

// When so many backends of a pool are down that their checks are not believed any more (control/panic.h).
struct PanicThreshold {
  std::optional<uint32_t> percent;  // 0..100; 0: never; none: "auto"
  friend bool operator==(const PanicThreshold&, const PanicThreshold&) = default;
};

// `streams:` of a pool: where each of its servers says what it has, as SRS's HTTP API does.
struct StreamPollConfig {
  std::string path = "/api/v1/streams/?count=10000";
  uint16_t port = 1985;
  uint32_t interval_ms = 5000;  // 1,000..8,000: what is said is believed for 10 s
  uint32_t timeout_ms = 1000;   // of one request, connect to last byte
  friend bool operator==(const StreamPollConfig&, const StreamPollConfig&) = default;
};

struct PoolConfig {
  std::string name;
  lb::PickMethod pick = lb::PickMethod::kMaglev;
  uint32_t client_timeout_s = 600;
  std::optional<HealthConfig> health;  // none: always healthy
  bool reset_on_silence = true;        // flows of a backend that answers nothing (lb/silence.h)
  uint32_t slow_start_s = 0;  // 0: a backend that comes up takes its whole weight at once; at most 3,600
  PanicThreshold panic_threshold;
  std::vector<BackendConfig> backends;
  std::vector<lb::QuicLbSpec> quic_lb;  // at most one for each config id
  std::optional<lb::UfragSpec> ice_ufrag;
  std::optional<StreamPollConfig> streams;  // none: only the traffic says which server has a stream
};

struct ServiceConfig {
  std::string name;
  lb::IpAddress vip;
  lb::Protocol protocol = lb::Protocol::kTcp;
  uint16_t port_first = 0, port_last = 0;  // "any" is 1 and 65535
  std::string pool;
  lb::Forward forward = lb::Forward::kNat;
  lb::Affinity affinity = lb::Affinity::kTuple;
  uint32_t idle_timeout_s = 0;  // default 900 for tcp, 120 for udp; filled in when read
  bool reads_whip = false;      // tcp in nat only
  bool proxy_protocol = false;  // likewise; version 2
  uint16_t mss = 0;             // tcp only; 0: what the ports take
  lb::IceSpec ice;              // of affinity ice only
  // Of affinity stream only.
  std::vector<std::string> vhosts;
  std::vector<lb::StreamRouteSpec> routes;
};

inline constexpr uint32_t kLeastBuffers = 8191, kMostBuffers = 1U << 22;

struct PortConfig {
  std::string name;  // [a-z0-9-]{1,9}; the punt tap is called "cleat-NAME"
  // "veth:eth1" | "nic:eth1" | "packet:eth1" | "pci:0000:3b:00.0" | raw DPDK devargs "net_..."
  std::string device;
  std::vector<lb::Prefix> addresses;
  std::optional<lb::IpAddress> gateway_v4, gateway_v6;
  std::vector<lb::StaticNeighbour> neighbours;
  uint16_t vlan = 0;                 // 1..lb::kMaxVlan; 0: frames without a tag
  uint16_t mtu = 0;                  // 1,280..9,600; 0: as the interface has it, or 1,500
  uint32_t buffers = kLeastBuffers;  // packet buffers of each worker, at most kMostBuffers
};

struct DataplaneConfig {
  unsigned workers = 0;                          // 1..64; 0: the dataplane decides ("auto")
  std::string state = "/dev/shm/cleat/default";  // file of the state segment
  uint32_t flows_v4 = 1U << 20;                  // table sizes, rounded up to a power of two
  uint32_t flows_wide = 1U << 18;
  uint32_t sessions = 1U << 16;  // of ICE
  uint32_t streams = 1U << 14;   // of services with `affinity: stream`
  uint32_t peeks = 1U << 12;     // connections of theirs whose first bytes are being read
  bool punt = true;              // false: no taps (pcap replay, tests)
  std::vector<PortConfig> ports;
};

// The API over TCP, for whoever shows the token in `token_file`.
struct ApiTcpConfig {
  lb::Endpoint listen;
  std::string token_file;  // a full path; read at start
  friend bool operator==(const ApiTcpConfig&, const ApiTcpConfig&) = default;
};

struct ApiConfig {
  std::string unix_path = "/run/cleat/api.sock";
  std::optional<ApiTcpConfig> tcp;
};

struct Config {
  std::string file;  // where it was read from; beside it lies the operator's state
  DataplaneConfig dataplane;
  std::vector<lb::IpAddress> lips;  // `nat.addresses` with prefixes expanded
  lb::FlowTimeouts timeouts;        // `nat.timeouts`
  std::vector<PoolConfig> pools;
  std::vector<ServiceConfig> services;
  uint32_t checks_at_once = 256;  // `health.at_once`: health checks under way at most, 1..4,096
  ApiConfig api;
  uint64_t pick_seed = 0;  // `seed`, same on every balancer of a group
};

// Thousands of backends and services fit in; a device or a log taken for a configuration does not.
inline constexpr size_t kMaxConfigBytes = 1U << 20;

// Reads and checks a configuration.
// text      YAML; unknown keys, keys given twice and wrong types are refused
// file      name for messages: "cleat.yaml:12:7: pools.srs.backends[1].weight: -1 is not in 0..10000"
// error     the first problem, one line: file:line:column, field, what is wrong and what would be right
lb::Result<Config> parse_config(std::string_view text, const std::string& file);

// The same from a file; a file that cannot be read is an error that names it and errno's text.
lb::Result<Config> load_config(const std::string& file);

}  // namespace control
