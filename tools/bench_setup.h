// SPDX-License-Identifier: MIT
// What a world of cleat-bench is made of: its services, how many flows each has, and the room that there is for them.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/segment.h"
#include "lb/snapshot_spec.h"
#include "tools/bench_quic_cid.h"

namespace bench {

using ServiceIndex = uint16_t;  // in the Setup

struct ServiceSetup {
  lb::Forward forward = lb::Forward::kNat;
  lb::Protocol protocol = lb::Protocol::kUdp;
  lb::Affinity affinity = lb::Affinity::kTuple;
  uint64_t flows = 0;  // ICE: sessions
  // Once its flows are open, in nat. kStream: as if Cleat had accepted each (lb/seam.h); kSrt: as if each were of SRT
  lb::Affinity later = lb::Affinity::kTuple;
  friend bool operator==(const ServiceSetup&, const ServiceSetup&) = default;
};

struct Setup {
  std::vector<ServiceSetup> services;  // 1..10,000
  unsigned backends = 8;               // of their pool, 1..lb::kMaxBackends
  bool v6 = false;
  CidEncoding cids = CidEncoding::kPlaintext;  // of the servers of a service with `affinity: quic`
  uint32_t entries = 0;                        // of the flow table; 0: as many as keep it at most 80 % full
  bool until_full = false;                     // flows are opened until the table takes hardly any more
  bool huge = false;                           // tables and frames on huge pages
  unsigned workers = 1;

  [[nodiscard]] uint64_t flows() const;
  friend bool operator==(const Setup&, const Setup&) = default;
};

inline constexpr lb::PortIndex kOutside = 0, kInside = 1;
inline constexpr lb::MacAddress kOutsideMac{{2, 0, 0, 0, 0, 1}}, kInsideMac{{2, 0, 0, 0, 0, 2}},
    kGatewayMac{{2, 0, 0, 0, 0, 0xfe}};

// The n-th backend's. n  0..Setup::backends - 1
lb::IpAddress backend_address(bool v6, unsigned n);
constexpr lb::MacAddress backend_mac(unsigned n) {
  return {{2, 0, 0, 1, static_cast<uint8_t>(n >> 8), static_cast<uint8_t>(n)}};
}
// Undoes backend_mac().
constexpr unsigned backend_number(const lb::MacAddress& mac) { return mac.bytes[4] * 256U + mac.bytes[5]; }
lb::IpAddress gateway_address(bool v6);
constexpr uint16_t vip_port(ServiceIndex service) { return static_cast<uint16_t>(8000 + service); }

// All services have one VIP and one pool, each a port of its own.
lb::SnapshotSpec spec_of(const Setup& setup);
lb::SegmentGeometry geometry_of(const Setup& setup);

}  // namespace bench
