// SPDX-License-Identifier: MIT
// Whose a connection id is: a pool's QUIC-LB configurations, and the backend of each server id
// (draft-ietf-quic-load-balancers, "Load Balancer Forwarding", step 1; RFC 9146 and RFC 9147 ids are read alike).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/hash.h"
#include "lb/limits.h"
#include "lb/quic_lb.h"
#include "lb/result.h"

namespace lb {

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
  QuicRouter() : slots_(1) {}
  // Error: a configuration that QuicLbConfigs refuses. Set-up only.
  static Result<QuicRouter> make(std::span<const QuicLbConfig> configs, std::span<const Server> servers);

  // The connection id that a datagram is for, by the configuration that its first octet names.
  // datagram  the UDP payload from a client, any length; only read; the result points into it
  // cost      no allocation; reads at most 8 octets of the headers
  [[nodiscard]] SealedId find_quic(std::span<const uint8_t> datagram) const noexcept {
    if (!datagram.empty() && !is_long_header(datagram[0])) [[likely]]
      return configs_.find(datagram.subspan(1), CidEnd::kOpen);
    return find_long(datagram);
  }
  // The same for the connection id of a DTLS record, which must be as long as its configuration says. kMalformed: the first
  // record carries none. cost  a try for each configuration more
  [[nodiscard]] SealedId find_dtls(std::span<const uint8_t> datagram) const noexcept;

  // id       decoded, of a connection id of that configuration
  // returns  kNoBackendId: nobody's
  // cost     one look-up in a hash table
  [[nodiscard]] BackendId server(uint8_t config_id, const QuicServerId& id) const noexcept {
    size_t at = place(config_id, id);
    while (slots_[at].backend != kNoBackendId && !(slots_[at].config_id == config_id && slots_[at].id == id))
      at = (at + 1) & mask_;
    return slots_[at].backend;
  }

 private:
  struct Slot {
    QuicServerId id;
    uint8_t config_id = 0;
    BackendId backend = kNoBackendId;
  };
  [[nodiscard]] SealedId find_long(std::span<const uint8_t> datagram) const noexcept;
  // The operator chose the ids in the table, so that nobody can make them collide.
  [[nodiscard]] size_t place(uint8_t config_id, const QuicServerId& id) const noexcept {
    const auto words = id.words();
    return fold_multiply(words[0] ^ 0x9e3779b97f4a7c15ULL, words[1] ^ 0xd6e8feb86659fd93ULL ^ config_id) &
           mask_;
  }

  QuicLbConfigs configs_;
  std::vector<Slot> slots_;  // open addressing, at most half full
  size_t mask_ = 0;          // their number, a power of two, less one
};

}  // namespace lb
