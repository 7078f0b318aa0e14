// SPDX-License-Identifier: MIT
// SYN cookies (RFC 4987 section 3.6): the number by which Cleat answers a SYN says all that it must know of it later, so that a SYN
// costs no memory. The client brings it back in its acknowledgement.
//
//   time 2 | MSS 3 | window scale 4 | SACK 1 | HMAC 22     (high to low)
//
// The HMAC covers the rest, both ends and the client's own number. Who does not see the answers has to guess: one in 2^21 at best.
#pragma once

#include <cstdint>
#include <optional>

#include "lb/address.h"
#include "lb/hmac_sha1.h"
#include "lb/syn_options.h"
#include "lb/time.h"

namespace lb {

// Browsers open connections beforehand and keep them for a minute before their first word.
inline constexpr uint64_t kCookiePeriodMs = 64'000;

// key            a secret, one for all workers
// client_number  of the SYN
// cost           three blocks of SHA-1
uint32_t syn_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip,
                    uint32_t client_number, const SynOptions& options, Now now) noexcept;

struct SynCookie {
  SynOptions options{};  // what syn_cookie() was given, the MSS rounded down
  bool is_late = false;  // it is older than one to two periods: no longer good
};

// returns  nullopt: it is no cookie of this connection, or older than three to four periods
std::optional<SynCookie> read_syn_cookie(const HmacSha1Key& key, const Endpoint& client, const Endpoint& vip,
                                         uint32_t client_number, uint32_t cookie, Now now) noexcept;

}  // namespace lb
