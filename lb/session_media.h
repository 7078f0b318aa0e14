// SPDX-License-Identifier: MIT
// What an ICE session's media shows in the clear, remembered so that its client is known again behind another address: the
// SSRCs and sequence numbers of SRTP (RFC 3711 section 3.1), the SSRC and index of SRTCP (section 3.4; RFC 7714 section 9).
//
// A publisher has SSRCs of its own. All players of a browser say SSRC 1, but the SRTCP index goes on by one with each
// packet, also across a change of address. It stands at the end of the packet: before an authentication tag of 10 bytes
// (AES-CM with HMAC-SHA1-80), or last (AES-GCM); which of the two it is shows in what goes on by one.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "lb/session_tables.h"
#include "lb/time.h"

namespace lb {

struct RtpPlace {
  uint32_t ssrc = 0;
  uint16_t sequence = 0;
};
// nullopt: too short for a header of RTP
std::optional<RtpPlace> rtp_place(std::span<const uint8_t> payload) noexcept;

// SRTCP packets that a quick change of address may cost.
inline constexpr uint32_t kLostOnTheWay = 2;

struct SrtcpPlace {
  uint32_t ssrc = 0;
  uint32_t index_cm = 0, index_gcm = 0;  // 31 bits each; one of them is the index
};
std::optional<SrtcpPlace> srtcp_place(std::span<const uint8_t> payload) noexcept;

// Notes the SSRC and sequence number of a packet from a session's client; at most kSessionSsrcs SSRCs a session.
// For once a touch period and flow.
void note_rtp(SessionTables& tables, SessionIndex index, const RtpPlace& place, Tick now) noexcept;
// For every SRTCP packet of a session's client; of two SSRCs, a third takes the second's place. cost: a store or two
void note_srtcp(SessionTables& tables, SessionIndex index, const SrtcpPlace& place) noexcept;

// Whether this packet may be the next of the session's client, or one of the next: a late or repeated one is not.
bool goes_on(const SessionTables& tables, SessionIndex index, const SrtcpPlace& place, Tick now) noexcept;

// The session that this packet may go on: it has the SSRC, and the sequence number fits the time since it was noted.
std::optional<SessionFound> session_of_rtp(SessionTables& tables, ListenerId pool, const RtpPlace& place,
                                           Tick now) noexcept;

// Sessions that this packet may go on: the same SSRC, and an index 1..largest_step behind, or more if their current address
// is silent, for what a client says while it changes its network is lost; the nearest first, no more than there is room for.
// cost  a walk over 32 bytes for each session there is room for: some 100 us for 65,536
inline constexpr unsigned kMaxCandidates = 16;
struct Candidates {
  std::array<SessionIndex, kMaxCandidates> sessions;
  unsigned count = 0;
};
Candidates sessions_of_srtcp(SessionTables& tables, ListenerId pool, const SrtcpPlace& place,
                             uint32_t largest_step, Tick now) noexcept;

}  // namespace lb
