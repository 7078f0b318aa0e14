// SPDX-License-Identifier: MIT
// The handshake that opens an SRT connection (draft-sharabayko-srt-01, section 3.2.1): a caller's INDUCTION is answered with a cookie,
// its CONCLUSION brings the cookie back and says which stream it is for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "lb/address.h"
#include "lb/short_text.h"
#include "lb/srt_wire.h"

namespace lb {

// As it lies on the wire; 1000 and more are reasons for a refusal.
enum class SrtHandshakeType : uint32_t {
  kWaveahand = 0,
  kInduction = 1,
  kDone = 0xfffffffd,
  kAgreement = 0xfffffffe,
  kConclusion = 0xffffffff,
};

struct SrtHandshake {
  uint32_t timestamp_us = 0;  // since the sender's socket was opened
  uint32_t destination = 0;   // the receiver's socket; 0: it is not known yet
  uint32_t version = 0;       // 4: HSv4, and every INDUCTION of a caller; 5: HSv5
  uint16_t encryption = 0;    // length of the key in 8 bytes; 0: none said
  uint16_t extension =
      0;  // flags of a CONCLUSION; kSrtMagic in the answer to an INDUCTION; 2 in the INDUCTION itself
  uint32_t initial_sequence = 0, mtu = 0, flow_window = 0;
  SrtHandshakeType type = SrtHandshakeType::kWaveahand;
  uint32_t socket_id = 0;  // the sender's
  uint32_t cookie = 0;
  IpAddress peer;            // whom the sender believes it speaks to
  ShortText<512> stream_id;  // of a CONCLUSION; empty if there is none
};

inline constexpr uint16_t kSrtMagic = 0x4a17;

// datagram  the UDP payload, any length; only read
// returns   nullopt: no handshake, or a CONCLUSION whose extensions end beyond it, or a StreamID of more than 512 bytes
// cost      no allocation; one pass over the extensions
//
// As libsrt does it: extensions are read of version 5 only and a StreamID only if the flags say that there is one, up to its first
// zero byte; of several the last one counts.
std::optional<SrtHandshake> parse_srt_handshake(std::span<const uint8_t> datagram) noexcept;

// The handshake without extensions. stream_id is not written.
std::array<uint8_t, sizeof(SrtHandshakePacket)> build_srt_handshake(const SrtHandshake& handshake) noexcept;

// A listener's answer to an INDUCTION, as libsrt gives it: the caller's own words, and the cookie.
// cookie        what the caller's CONCLUSION has to bring back
// timestamp_us  the listener's
SrtHandshake answer_srt_induction(const SrtHandshake& asked, uint32_t cookie, uint32_t timestamp_us) noexcept;

// The INDUCTION with which a caller would ask a server for the cookie of this CONCLUSION.
// server  whom the caller believes to speak to
SrtHandshake srt_induction_before(const SrtHandshake& conclusion, const IpAddress& server) noexcept;

// The server's words that it does not take the caller; why, is the number itself.
constexpr bool is_srt_refusal(SrtHandshakeType type) { return static_cast<int32_t>(type) >= 1000; }

}  // namespace lb
