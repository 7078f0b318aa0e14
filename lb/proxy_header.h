// SPDX-License-Identifier: MIT
// The header by which a server hears whom it speaks to: PROXY protocol version 2 (haproxy's proxy-protocol.txt, section 2.2),
// command PROXY, a TCP connection, no TLVs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lb/address.h"

namespace lb {

constexpr uint8_t proxy_header_bytes(Family family) { return family == Family::kIpv4 ? 28 : 52; }
inline constexpr size_t kMostProxyHeader = 52;

// at           proxy_header_bytes(client's family) bytes are written
// client, vip  the ends of the client's connection, of one family
void put_proxy_header(uint8_t* at, const Endpoint& client, const Endpoint& vip) noexcept;

}  // namespace lb
