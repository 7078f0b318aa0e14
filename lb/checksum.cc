// SPDX-License-Identifier: MIT
#include "lb/checksum.h"

namespace lb {

uint64_t add_bytes(uint64_t sum, const uint8_t* bytes, size_t length) {
  while (length >= 4) {
    uint32_t word;
    std::memcpy(&word, bytes, 4);
    sum += word;
    bytes += 4;
    length -= 4;
  }
  if (length >= 2) {
    uint16_t word;
    std::memcpy(&word, bytes, 2);
    sum += word;
    bytes += 2;
    length -= 2;
  }
  return length == 1 ? sum + *bytes : sum;
}

uint64_t pseudo_header_sum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                           uint32_t length) {
  uint64_t sum = uint64_t{be32::of(length).raw} + be16::of(protocol).raw;
  for (const IpAddress* address : {&source, &destination}) {
    if (address->is_v4())
      sum += address->as_v4().raw;
    else
      sum = add_bytes(sum, address->bytes(), 16);
  }
  return sum;
}

be16 icmp_checksum(const IpAddress& source, const IpAddress& destination, std::span<const uint8_t> message) {
  constexpr uint8_t kIcmpv6 = 58;
  const uint64_t pseudo =
      source.is_v4() ? 0
                     : pseudo_header_sum(source, destination, kIcmpv6, static_cast<uint32_t>(message.size()));
  return checksum_of(add_bytes(pseudo, message.data(), message.size()));
}

}  // namespace lb
