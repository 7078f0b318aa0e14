// SPDX-License-Identifier: MIT
// IP addresses of both families in one 16-byte value, MAC addresses and prefixes.
// IPv4 is held as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2),
// so that one key, one table and one slot serve both.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "lb/bytes.h"

namespace lb {

enum class Family : uint8_t { kIpv4 = 4, kIpv6 = 6 };

// Immutable value; trivially copyable, so that it may lie in the segment.
class IpAddress {
 public:
  constexpr IpAddress() = default;

  static constexpr IpAddress v4(be32 address) {
    IpAddress a;
    a.words_[1] = kMappedLow | (uint64_t{address.raw} << 32);
    return a;
  }
  // bytes  16 bytes in wire order
  static IpAddress v6(const void* bytes) {
    IpAddress a;
    std::memcpy(a.words_.data(), bytes, 16);
    return a;
  }
  static constexpr IpAddress of_words(uint64_t high, uint64_t low) {
    IpAddress a;
    a.words_ = {high, low};
    return a;
  }

  // "10.0.0.1" or "2001:db8::1"; nullopt for anything else, also for a v4-mapped v6 literal.
  static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr bool is_v4() const {
    return words_[0] == 0 && static_cast<uint32_t>(words_[1]) == kMappedLow;
  }
  [[nodiscard]] constexpr Family family() const { return is_v4() ? Family::kIpv4 : Family::kIpv6; }
  // REQUIRES: is_v4()
  [[nodiscard]] constexpr be32 as_v4() const { return {static_cast<uint32_t>(words_[1] >> 32)}; }
  // The two words as they lie in memory (wire order).
  [[nodiscard]] constexpr uint64_t high() const { return words_[0]; }
  [[nodiscard]] constexpr uint64_t low() const { return words_[1]; }
  [[nodiscard]] const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(words_.data()); }
  [[nodiscard]] constexpr bool is_unset() const { return words_[0] == 0 && words_[1] == 0; }

  friend constexpr bool operator==(const IpAddress& a, const IpAddress& b) {
    return ((a.words_[0] ^ b.words_[0]) | (a.words_[1] ^ b.words_[1])) == 0;
  }
  // Numeric order of the wire bytes.
  friend std::strong_ordering operator<=>(const IpAddress& a, const IpAddress& b) {
    return std::memcmp(a.bytes(), b.bytes(), 16) <=> 0;
  }

 private:
  static constexpr uint64_t kMappedLow = 0xffff0000;  // bytes 8..11 = 00 00 ff ff
  std::array<uint64_t, 2> words_{};
};
static_assert(sizeof(IpAddress) == 16);

// Plain data, so that it may lie in wire structs: write MacAddress{} for zero.
struct MacAddress {
  std::array<uint8_t, 6> bytes;

  // "52:54:00:12:34:56"; nullopt for anything else.
  static std::optional<MacAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool is_group() const { return (bytes[0] & 1) != 0; }
  // Without a call, as memcmp() of six bytes would be. wire  six bytes
  [[nodiscard]] bool is_at(const uint8_t* wire) const {
    uint32_t begin, own_begin;
    uint16_t end, own_end;
    std::memcpy(&begin, wire, 4);
    std::memcpy(&end, wire + 4, 2);
    std::memcpy(&own_begin, bytes.data(), 4);
    std::memcpy(&own_end, bytes.data() + 4, 2);
    return begin == own_begin && end == own_end;
  }
  friend bool operator==(const MacAddress&, const MacAddress&) = default;
};
static_assert(sizeof(MacAddress) == 6);

// An address with the length of its network part: "10.10.0.2/24".
struct Prefix {
  IpAddress address;   // host bits kept: a port's own address is one of these
  uint8_t length = 0;  // bits in the address's own family: 0..32 or 0..128

  static std::optional<Prefix> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  // True if other is of the same family and in this network.
  [[nodiscard]] bool contains(const IpAddress& other) const;
  // The network with its host bits cleared; for v4, words and mask are those of the mapped form.
  [[nodiscard]] IpAddress network() const;
  [[nodiscard]] IpAddress mask() const;
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

// An address and a UDP or TCP port (host order; 0 = not given).
struct Endpoint {
  IpAddress address;
  uint16_t port = 0;

  // "10.0.0.1:80", "[2001:db8::1]:80"; without a port "10.0.0.1", "2001:db8::1" or "[2001:db8::1]".
  static std::optional<Endpoint> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

}  // namespace lb
