// SPDX-License-Identifier: MIT
#include "lb/quic_router.h"

#include <bit>

#include "lb/dtls_cid.h"
#include "lb/quic_header.h"

namespace lb {
namespace {

SealedId malformed() {
  SealedId id;
  id.reason = Unroutable::kMalformed;
  return id;
}

}  // namespace

Result<QuicRouter> QuicRouter::make(std::span<const QuicLbConfig> configs, std::span<const Server> servers) {
  auto made = QuicLbConfigs::make(configs);
  if (!made) return Error{made.error()};
  QuicRouter router;
  router.configs_ = std::move(made).value();
  router.slots_.resize(std::bit_ceil(2 * servers.size() + 1));
  router.mask_ = router.slots_.size() - 1;
  for (const Server& server : servers) {
    size_t at = router.place(server.config_id, server.id);
    while (router.slots_[at].backend != kNoBackendId) at = (at + 1) & router.mask_;
    router.slots_[at] = {server.id, server.config_id, server.backend};
  }
  return router;
}

SealedId QuicRouter::find_long(std::span<const uint8_t> datagram) const noexcept {
  const auto header = parse_quic(datagram);
  return header ? configs_.find(header->dcid, header->dcid_end()) : malformed();
}

SealedId QuicRouter::find_dtls(std::span<const uint8_t> datagram) const noexcept {
  for (unsigned config = 0; config < kQuicLbConfigCount; ++config) {
    const unsigned length = configs_.cid_length(config);
    if (length == 0) continue;
    const auto cid = find_dtls_cid(datagram, length);
    if (cid && cid->front() >> 5 == config) return configs_.find(*cid, CidEnd::kExact);
  }
  return malformed();
}

}  // namespace lb
