// SPDX-License-Identifier: MIT
#include "lb/quic_router.h"

#include <bit>

#include "lb/dtls_cid.h"
#include "lb/hash.h"
#include "lb/quic_header.h"

namespace lb {

Result<QuicRouter> QuicRouter::make(std::span<const QuicLbConfig> configs, std::span<const Server> servers) {
  auto made = QuicLbConfigs::make(configs);
  if (!made) return Error{made.error()};
  QuicRouter router;
  router.configs_ = std::move(made).value();
  router.slots_.resize(std::bit_ceil(2 * servers.size() + 1));
  for (const Server& server : servers) {
    size_t at = router.place(server.config_id, server.id);
    while (router.slots_[at].backend != kNoBackendId) at = (at + 1) & (router.slots_.size() - 1);
    router.slots_[at] = {server.id, server.config_id, server.backend};
  }
  return router;
}

CidRoute QuicRouter::route_quic(std::span<const uint8_t> datagram) const noexcept {
  const auto header = parse_quic(datagram);
  if (!header) return {};
  return look_up(configs_.decode(header->dcid, header->dcid_end()));
}

CidRoute QuicRouter::route_dtls(std::span<const uint8_t> datagram) const noexcept {
  for (unsigned config = 0; config < kQuicLbConfigCount; ++config) {
    const unsigned length = configs_.cid_length(config);
    if (length == 0) continue;
    const auto cid = find_dtls_cid(datagram, length);
    if (cid && cid->front() >> 5 == config) return look_up(configs_.decode(*cid, CidEnd::kExact));
  }
  return {};
}

CidRoute QuicRouter::look_up(const QuicLbId& id) const noexcept {
  if (!id.routable()) return {id.reason};
  if (slots_.empty()) return {Unroutable::kUnknownServer};
  for (size_t at = place(id.config_id, id.server_id);; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.backend == kNoBackendId) return {Unroutable::kUnknownServer};
    if (slot.config_id == id.config_id && slot.id == id.server_id)
      return {Unroutable::kNo, slot.config_id, slot.backend};
  }
}

size_t QuicRouter::place(uint8_t config_id, const QuicServerId& id) const noexcept {
  uint64_t words[2];
  std::memcpy(words, &id, sizeof(words));
  return hash_words(words[0], words[1], config_id, 0) & (slots_.size() - 1);
}

}  // namespace lb
