// SPDX-License-Identifier: MIT
// The Internet checksum: whole (RFC 1071) and by what changed (RFC 1624, equation 3).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "lb/address.h"
#include "lb/bytes.h"

namespace lb {

// Folds a sum of 16-bit words into 16 bits with end-around carry: of a word and the same word with its halves swapped, the upper
// half is the sum of both halves, and the lower half has carried into it.
constexpr uint16_t fold_sum(uint64_t sum) {
  const auto half = static_cast<uint32_t>((sum + std::rotl(sum, 32)) >> 32);
  return static_cast<uint16_t>((half + std::rotl(half, 16)) >> 16);
}

// Sum of `length` bytes as 16-bit words in wire order, not complemented, added to `sum`. An odd last byte is padded
// with zero. cost: O(length).
uint64_t add_bytes(uint64_t sum, const uint8_t* bytes, size_t length);

// The pseudo-header's part of a TCP, UDP or ICMPv6 checksum (RFC 9293 section 3.1, RFC 8200 section 8.1).
// length  bytes from the L4 header to the end of the packet
uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                           uint32_t length);

// The checksum field for a sum: its complement.
constexpr be16 checksum_of(uint64_t sum) { return {static_cast<uint16_t>(~fold_sum(sum))}; }

// The checksum of a whole ICMP or ICMPv6 message (RFC 792, RFC 4443 section 2.3), by the family of its addresses. Its own
// checksum field counts as it is: zero in one that is made, and the sum of one that came in is then 0.
// message  from the ICMP header to the end of the packet
be16 icmp_checksum(const IpAddress& source, const IpAddress& destination, std::span<const uint8_t> message);

// What a rewrite changes in a checksum: collects "- old + new" of every field, applied to any number of checksums.
class ChecksumDelta {
 public:
  constexpr void change(be16 old_value, be16 new_value) {
    sum_ += static_cast<uint16_t>(~old_value.raw);
    sum_ += new_value.raw;
  }
  constexpr void change(be32 old_value, be32 new_value) {
    sum_ += static_cast<uint32_t>(~old_value.raw);
    sum_ += new_value.raw;
  }
  // The first byte of a 16-bit word, which is not 0, became one less.
  constexpr void decrement_first_byte() { sum_ += 0xfffe; }
  // Bytes that add_bytes() summed up, before and after; both began at an even offset of what the checksum covers.
  constexpr void change_sum(uint64_t old_sum, uint64_t new_sum) {
    sum_ += static_cast<uint16_t>(~fold_sum(old_sum));
    sum_ += fold_sum(new_sum);
  }
  // Of one family or of two: a pseudo-header's address.
  void change(const IpAddress& old_value, const IpAddress& new_value) {
    if (old_value.is_v4()) {
      sum_ += static_cast<uint32_t>(~old_value.as_v4().raw);
    } else {
      subtract(old_value.high());
      subtract(old_value.low());
    }
    if (new_value.is_v4()) {
      sum_ += new_value.as_v4().raw;
    } else {
      add(new_value.high());
      add(new_value.low());
    }
  }

  // RFC 1624: HC' = ~(~HC + ~m + m')
  [[nodiscard]] constexpr be16 apply(be16 checksum) const {
    return {static_cast<uint16_t>(~fold_sum(sum_ + static_cast<uint16_t>(~checksum.raw)))};
  }
  // The same for UDP, where zero means "no checksum" and a computed zero is sent as ffff (RFC 768).
  [[nodiscard]] constexpr be16 apply_udp(be16 checksum) const {
    if (checksum.raw == 0) return checksum;
    const be16 updated = apply(checksum);
    return updated.raw == 0 ? be16{0xffff} : updated;
  }

 private:
  constexpr void add(uint64_t word) { sum_ += (word & 0xffffffff) + (word >> 32); }
  constexpr void subtract(uint64_t word) { add(~word); }

  uint64_t sum_ = 0;
};

}  // namespace lb
