// SPDX-License-Identifier: MIT
// Big-endian integers as they lie on the wire. `be16`/`be32` never mix with host integers by accident.
#pragma once

#include <bit>
#include <cstdint>

namespace lb {

static_assert(std::endian::native == std::endian::little, "Cleat runs on little-endian machines");

struct be16 {
  uint16_t raw = 0;

  static constexpr be16 of(uint16_t host) { return {__builtin_bswap16(host)}; }
  [[nodiscard]] constexpr uint16_t host() const { return __builtin_bswap16(raw); }
  friend constexpr bool operator==(be16, be16) = default;
};

struct be32 {
  uint32_t raw = 0;

  static constexpr be32 of(uint32_t host) { return {__builtin_bswap32(host)}; }
  [[nodiscard]] constexpr uint32_t host() const { return __builtin_bswap32(raw); }
  friend constexpr bool operator==(be32, be32) = default;
};

static_assert(sizeof(be16) == 2 && sizeof(be32) == 4);

}  // namespace lb
