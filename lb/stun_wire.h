// SPDX-License-Identifier: MIT
// STUN as it lies on the wire (RFC 8489 sections 5 and 14, ICE's attributes: RFC 8445 section 16.1): what the parser
// and the builder share.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "lb/wire.h"

namespace lb {

inline constexpr uint32_t kStunCookie = 0x2112a442;
inline constexpr uint32_t kFingerprintXor = 0x5354554e;  // RFC 8489 section 14.7
inline constexpr size_t kStunHeaderBytes = 20, kStunAttributeHeaderBytes = 4;
inline constexpr size_t kMaxIceUsername =
    256 + 1 + 256;  // RFC 8839 section 5.4: a ufrag has 4..256 characters

// Chosen anew by whoever asks, repeated in the answer. A value: compare it, use it as a key.
struct TransactionId {
  std::array<uint8_t, 12> bytes;
  friend bool operator==(const TransactionId&, const TransactionId&) = default;
  friend auto operator<=>(const TransactionId&, const TransactionId&) = default;
};
static_assert(sizeof(TransactionId) == 12);

// Enough of it to find one's own transaction again.
inline uint64_t stun_transaction_word(const TransactionId& id) {
  uint64_t word = 0;
  std::memcpy(&word, id.bytes.data(), sizeof word);
  return word;
}

struct CLEAT_WIRE StunHeader {
  be16 type, length;  // length: bytes after this header
  be32 cookie;
  TransactionId transaction;
};
static_assert(sizeof(StunHeader) == kStunHeaderBytes);

// The value follows, padded to a multiple of 4 bytes.
struct CLEAT_WIRE StunAttributeHeader {
  be16 type, length;  // length: bytes of the value without padding
};
static_assert(sizeof(StunAttributeHeader) == kStunAttributeHeaderBytes);

enum class StunClass : uint8_t { kRequest = 0, kIndication = 1, kSuccess = 2, kError = 3 };
inline constexpr uint16_t kStunBinding = 0x001;  // the method of ICE's checks

// RFC 8489 section 5, figure 3: the class's two bits lie between the method's twelve.
constexpr uint16_t stun_type(uint16_t method, StunClass what) {
  const unsigned bits = static_cast<unsigned>(what);
  return static_cast<uint16_t>((method & 0x00fU) | (method & 0x070U) << 1 | (method & 0xf80U) << 2 |
                               (bits & 1) << 4 | (bits & 2) << 7);
}
constexpr uint16_t stun_method(uint16_t type) {
  return static_cast<uint16_t>((type & 0x000fU) | (type >> 1 & 0x070U) | (type >> 2 & 0xf80U));
}
constexpr StunClass stun_class(uint16_t type) {
  return static_cast<StunClass>((type >> 4 & 1U) | (type >> 7 & 2U));
}

namespace stun_attribute {
inline constexpr uint16_t kUsername = 0x0006, kMessageIntegrity = 0x0008, kErrorCode = 0x0009,
                          kMessageIntegritySha256 = 0x001c, kXorMappedAddress = 0x0020, kPriority = 0x0024,
                          kUseCandidate = 0x0025, kSoftware = 0x8022, kFingerprint = 0x8028,
                          kIceControlled = 0x8029, kIceControlling = 0x802a;
}

// Of XOR-MAPPED-ADDRESS (RFC 8489 section 14.1).
inline constexpr uint8_t kStunIpv4 = 1, kStunIpv6 = 2;

}  // namespace lb
