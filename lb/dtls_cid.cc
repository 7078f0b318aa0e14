// SPDX-License-Identifier: MIT
#include "lb/dtls_cid.h"

namespace lb {
namespace {

using Octets = std::span<const uint8_t>;

constexpr uint8_t kTls12Cid = 25;  // RFC 9146 section 4
constexpr uint8_t kVersionMajor = 0xfe, kMinor12 = 0xfd;
constexpr size_t kBefore12 = 1 + 2 + 2 + 6;              // type, version, epoch, sequence number
constexpr uint8_t kUnifiedMask = 0xe0, kUnified = 0x20;  // 0b001CSLEE, RFC 9147 section 4
constexpr uint8_t kHasCid = 0x10, kLongSequence = 0x08, kHasLength = 0x04;
constexpr size_t kLengthOctets = 2;

// True if the length field at `at` is there, and what it counts as well.
bool holds_record(Octets datagram, size_t at) noexcept {
  if (datagram.size() < at + kLengthOctets) return false;
  const size_t length = static_cast<size_t>(datagram[at]) << 8 | datagram[at + 1];
  return datagram.size() - at - kLengthOctets >= length;
}

}  // namespace

std::optional<Octets> find_dtls_cid(Octets datagram, size_t cid_length) noexcept {
  if (datagram.size() < 3 || cid_length == 0 || cid_length > 255) return std::nullopt;
  const uint8_t first = datagram[0];
  if (first == kTls12Cid && datagram[1] == kVersionMajor && datagram[2] == kMinor12) {
    if (!holds_record(datagram, kBefore12 + cid_length)) return std::nullopt;
    return datagram.subspan(kBefore12, cid_length);
  }
  if ((first & kUnifiedMask) != kUnified || (first & kHasCid) == 0) return std::nullopt;
  const size_t after = 1 + cid_length + ((first & kLongSequence) != 0 ? 2 : 1);
  if ((first & kHasLength) != 0 ? !holds_record(datagram, after) : datagram.size() < after)
    return std::nullopt;
  return datagram.subspan(1, cid_length);
}

}  // namespace lb
