// SPDX-License-Identifier: MIT
// The cookie by which Cleat answers an SRT caller's INDUCTION (draft-sharabayko-srt-01, section 4.3.1.1): it proves that the
// CONCLUSION which brings it back comes from the caller's own address, so that an INDUCTION costs no memory.
//
//   time 2 | HMAC 30     (high to low)
//
// Who does not see the answers has to guess: one in 2^29 at best.
#pragma once

#include <cstdint>

#include "lb/address.h"
#include "lb/hmac_sha1.h"
#include "lb/packet.h"
#include "lb/time.h"

namespace lb {

inline constexpr uint64_t kSrtCookiePeriodMs = 32'000;  // a caller gives up after 3 s

// key     a secret, one for all workers
// socket  the caller's
// cost    three blocks of SHA-1
uint32_t srt_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip, uint32_t socket,
                    Now now) noexcept;

// True if srt_cookie() gave it to that caller, at most 32 to 64 s ago.
bool is_srt_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip, uint32_t socket,
                   uint32_t cookie, Now now) noexcept;

// Puts another cookie into a handshake, and its UDP checksum follows. REQUIRES: parse_srt_handshake() took the packet's payload
void replace_srt_cookie(const Packet& packet, uint32_t cookie) noexcept;

}  // namespace lb
