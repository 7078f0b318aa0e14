// SPDX-License-Identifier: MIT
// One QUIC-LB configuration, as the operator gives it to Cleat and to the servers alike, and the server id that a
// connection id carries (draft-ietf-quic-load-balancers, -19 and later; sections "Config Rotation", "Server ID Allocation").
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "lb/aes128.h"
#include "lb/result.h"

namespace lb {

// Limits of the draft; lengths are octets. The sum keeps a connection id at 20, the most that QUIC version 1 allows.
inline constexpr unsigned kQuicLbConfigCount = 7;   // ids 0..6 (R1.1)
inline constexpr unsigned kQuicLbUnroutableId = 7;  // 0b111 (R1.2)
inline constexpr unsigned kMinServerIdLength = 1, kMaxServerIdLength = 15;
inline constexpr unsigned kMinNonceLength = 4, kMaxNonceLength = 18;
inline constexpr unsigned kMaxServerIdAndNonceLength = 19;

struct QuicLbConfig {
  uint8_t config_id = 0;         // 0..6; the three highest bits of a connection id's first octet
  uint8_t server_id_length = 8;  // 1..15 octets
  uint8_t nonce_length = 8;      // 4..18 octets; with the server id at most 19
  bool encodes_length = false;   // true only if ALL servers put the length into the first octet (R1.5)
  std::optional<AesKey> key;     // none: the server id can be read by anyone (R1.9)

  // Octets of a connection id that decoding needs: 6..20. Servers may append more (R2.5).
  [[nodiscard]] unsigned cid_length() const noexcept { return 1U + server_id_length + nonce_length; }
  // Refuses every length and id that the draft refuses (R1.2, R1.8), naming it and its range. Set-up only.
  [[nodiscard]] Status check() const;
};

// Plain data, zero behind its octets, so that two of a length compare and hash as 16 bytes.
struct QuicServerId {
  std::array<uint8_t, kMaxServerIdLength> octets{};
  uint8_t length = 0;  // 1..15; 0 = none

  // octets  0..15
  static QuicServerId of(std::span<const uint8_t> octets) noexcept {
    QuicServerId id;
    std::memcpy(id.octets.data(), octets.data(), octets.size());
    id.length = static_cast<uint8_t>(octets.size());
    return id;
  }
  [[nodiscard]] std::span<const uint8_t> view() const noexcept { return {octets.data(), length}; }
  // All of it.
  [[nodiscard]] std::array<uint64_t, 2> words() const noexcept {
    return std::bit_cast<std::array<uint64_t, 2>>(*this);
  }
  // Without a call, as memcmp() would be.
  friend bool operator==(const QuicServerId& a, const QuicServerId& b) {
    const auto x = a.words(), y = b.words();
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
  }
  friend auto operator<=>(const QuicServerId&, const QuicServerId&) = default;
};
static_assert(sizeof(QuicServerId) == 16);

}  // namespace lb
