// SPDX-License-Identifier: MIT
// A Binding request of Cleat's own, from the VIP to an address that a session's client may have moved to (RFC 8445 section
// 7.2.2, as the ICE-lite server's peer could send it). Signed with the client's ice-pwd only that client answers it with a
// signed success; unsigned, an ICE agent answers with an error, which proves the way back and nobody's identity.
//
// No state waits for the answer: the transaction id says which session was meant, and carries a code that nobody else can
// make for it, that address and that second.
#pragma once

#include <optional>

#include "lb/packet.h"
#include "lb/session_tables.h"
#include "lb/snapshot.h"
#include "lb/stun.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Bytes of UDP payload that one takes at most: header, USERNAME, PRIORITY, ICE-CONTROLLED, MESSAGE-INTEGRITY, FINGERPRINT.
inline unsigned challenge_bytes(const Session& session) noexcept {
  return 20 + 4 + ((session.name_length.load(std::memory_order_relaxed) + 3U) & ~3U) + 8 + 12 + 24 + 8;
}

// Signed if the client's password is known. Towards the packet's source, from its destination.
// returns  bytes of UDP payload sent; 0: the session is gone, or there is no way to send
unsigned send_challenge(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                        const SessionFound& session) noexcept;

struct ChallengeAnswer {
  SessionFound session;
  bool challenge_was_signed = false;
  bool proves_identity = false;  // a success, signed with the client's password
};
// nullopt: not the answer to a challenge of the last few seconds to the packet's source
// cost     two HMAC-SHA1 at most
std::optional<ChallengeAnswer> read_challenge_answer(const Worker& worker, Now now, const Packet& packet,
                                                     const StunMessage& message) noexcept;

}  // namespace lb
