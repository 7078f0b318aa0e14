// SPDX-License-Identifier: MIT
// Which protocol a UDP payload of a WebRTC or QUIC service speaks, told by its first byte (RFC 7983 section 7, as
// RFC 9443 section 3 extends it), and RTCP told from RTP by its second (RFC 5761 section 4).
#pragma once

#include <cstdint>
#include <span>

namespace lb {

enum class PayloadKind : uint8_t {
  kStun,   // 0..3
  kDtls,   // 20..63
  kQuic,   // 64..127 and 192..255; 64..79 is TURN channel data instead if the peer is a TURN server
  kRtp,    // 128..191, unless the second byte says RTCP
  kRtcp,   // 128..191 with a packet type of 192..223
  kOther,  // 4..19 (ZRTP is 16..19 of them), an empty payload, 128..191 alone
};

// A guess from two bytes: the protocol's own parser has the last word. An SRTP packet keeps both bytes in the clear.
//
// payload  the UDP payload, any length; only its first two bytes are read
// cost     no allocation; a few comparisons
constexpr PayloadKind payload_kind(std::span<const uint8_t> payload) noexcept {
  if (payload.empty()) return PayloadKind::kOther;
  const uint8_t first = payload[0];
  if (first <= 3) return PayloadKind::kStun;
  if (first < 20) return PayloadKind::kOther;
  if (first < 64) return PayloadKind::kDtls;
  if (first < 128 || first >= 192) return PayloadKind::kQuic;
  if (payload.size() < 2) return PayloadKind::kOther;
  // With RTP these bytes would be a marker bit and the payload types 64..95, which RFC 5761 keeps free.
  const uint8_t second = payload[1];
  return second >= 192 && second <= 223 ? PayloadKind::kRtcp : PayloadKind::kRtp;
}

}  // namespace lb
