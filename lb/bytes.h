// SPDX-License-Identifier: MIT
// Big-endian integers as they lie on the wire. `be16`/`be32` never mix with host integers by accident.
#pragma once

#include <bit>
#include <cstdint>

namespace lb {

static_assert(std::endian::native == std::endian::little, "Cleat runs on little-endian machines");

// Alignment 1, so that they may lie anywhere in a frame. Plain data: write be16{} for zero.
struct [[gnu::packed, gnu::may_alias]] be16 {
  uint16_t raw;

  static constexpr be16 of(uint16_t host) { return {__builtin_bswap16(host)}; }
  [[nodiscard]] constexpr uint16_t host() const { return __builtin_bswap16(raw); }
  friend constexpr bool operator==(be16 a, be16 b) { return a.raw == b.raw; }
};

struct [[gnu::packed, gnu::may_alias]] be32 {
  uint32_t raw;

  static constexpr be32 of(uint32_t host) { return {__builtin_bswap32(host)}; }
  [[nodiscard]] constexpr uint32_t host() const { return __builtin_bswap32(raw); }
  friend constexpr bool operator==(be32 a, be32 b) { return a.raw == b.raw; }
};

static_assert(sizeof(be16) == 2 && sizeof(be32) == 4 && alignof(be16) == 1 && alignof(be32) == 1);

}  // namespace lb
