// SPDX-License-Identifier: MIT
// Whose a connection id is: a pool's QUIC-LB configurations, and the backend of each server id
// (draft-ietf-quic-load-balancers, "Load Balancer Forwarding", step 1; RFC 9146 and RFC 9147 ids are read alike).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/limits.h"
#include "lb/quic_lb.h"
#include "lb/result.h"

namespace lb {

// Where a datagram's connection id leads.
struct CidRoute {
  Unroutable reason = Unroutable::kMalformed;
  uint8_t config_id = kQuicLbUnroutableId;  // of a routable one
  BackendId backend = kNoBackendId;         // of a routable one
};

// Immutable after make(); any thread may read it.
class QuicRouter {
 public:
  // One server id and whose it is. A backend may have several (R9.2).
  struct Server {
    uint8_t config_id;
    QuicServerId id;
    BackendId backend;
  };

  // No configuration: nothing is routable.
  QuicRouter() = default;
  // Error: a configuration that QuicLbConfigs refuses. Set-up only.
  static Result<QuicRouter> make(std::span<const QuicLbConfig> configs, std::span<const Server> servers);

  // datagram  the UDP payload from a client, any length; only read
  // cost      decoding (lb/quic_lb_decoder.h) and one look-up in a hash table; no allocation
  [[nodiscard]] CidRoute route_quic(std::span<const uint8_t> datagram) const noexcept;
  // The same for the connection id of a DTLS record, which must be as long as its configuration says. kMalformed: the first
  // record carries none. cost  a try for each configuration more
  [[nodiscard]] CidRoute route_dtls(std::span<const uint8_t> datagram) const noexcept;

 private:
  struct Slot {
    QuicServerId id;
    uint8_t config_id = 0;
    BackendId backend = kNoBackendId;
  };
  [[nodiscard]] CidRoute look_up(const QuicLbId& id) const noexcept;
  [[nodiscard]] size_t place(uint8_t config_id, const QuicServerId& id) const noexcept;

  QuicLbConfigs configs_;
  std::vector<Slot> slots_;  // open addressing, at most half full; empty: no server
};

}  // namespace lb
