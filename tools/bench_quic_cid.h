// SPDX-License-Identifier: MIT
// QUIC packets for cleat-bench: short headers with connection ids that servers made (lb/quic_lb.h).
#pragma once

#include <cstdint>
#include <span>

#include "lb/quic_lb_config.h"

namespace bench {

// draft-ietf-quic-load-balancers: in clear; one AES block; Feistel passes over an id that is no block long.
enum class CidEncoding : uint8_t { kPlaintext, kSinglePass, kFourPass };

lb::QuicLbConfig config_of(CidEncoding encoding);
// server  which backend's
lb::QuicServerId server_id_of(CidEncoding encoding, unsigned server);

// Writes a short header and an id of its own for each number.
// room     21 bytes or more
// returns  how many were written
size_t write_short_header(std::span<uint8_t> room, CidEncoding encoding, unsigned server, uint64_t number);

}  // namespace bench
