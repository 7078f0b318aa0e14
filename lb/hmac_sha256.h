// SPDX-License-Identifier: MIT
// HMAC-SHA256 (RFC 2104, FIPS 180-4) without an allocation, for keys that are used once.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace lb {

using Sha256Digest = std::array<uint8_t, 32>;

// The HMAC of `head` followed by `rest`: two pieces, so that a message can be signed around the place of its digest.
//
// key         any length; over 64 bytes, its SHA-256 takes its place
// head, rest  any length, only read
// cost        a block of SHA-256 for each 64 bytes begun, and four more
Sha256Digest hmac_sha256(std::span<const uint8_t> key, std::span<const uint8_t> head,
                         std::span<const uint8_t> rest) noexcept;

}  // namespace lb
