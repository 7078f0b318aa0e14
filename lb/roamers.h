// SPDX-License-Identifier: MIT
// Addresses that sent something of a session they do not belong to, while Cleat finds out whether its client moved there: what
// came from each and what was sent to it, so that nobody uses Cleat to send more than he sent (RFC 9000 section 8.1). One
// worker's: packets of one address come to one worker.
#pragma once

#include <array>
#include <memory>

#include "lb/budget.h"
#include "lb/packet.h"
#include "lb/session_media.h"
#include "lb/time.h"

namespace lb {

struct Roamer {
  IpAddress address;
  uint16_t port = 0;
  ListenerId listener = 0;
  uint64_t seen_ms = 0;   // 0: nobody
  uint64_t asked_ms = 0;  // when it was challenged last
  uint64_t bytes_in = 0, bytes_out = 0;
  uint16_t srtcp = 0;      // SRTCP packets that came
  uint16_t bridged = 0;    // packets that went to the server before any proof
  bool answered = false;   // the last challenge
  bool reachable = false;  // it answered a challenge, so it is not a forged address
  uint8_t at = 0;          // the candidate to ask
  uint8_t tries = 0;       // how often it was asked
  Candidates candidates;

  static constexpr unsigned kAmplification = 3;
  // An address that answered nothing is asked about a few candidates only.
  static constexpr unsigned kUnanswered = 4;
  [[nodiscard]] bool has_next() const { return at < candidates.count && (reachable || at < kUnanswered); }
  [[nodiscard]] SessionIndex next() const { return candidates.sessions[at]; }
  // Starts on other candidates; an answer that is outstanding is nobody's then.
  void begin(const Candidates& others) {
    candidates = others;
    at = tries = 0;
    answered = true;
  }
  [[nodiscard]] bool may_get(unsigned bytes) const {
    return reachable || bytes_out + bytes <= kAmplification * bytes_in;
  }
};

class Roamers {
 public:
  static constexpr unsigned kPlaces = 256;       // the address that was silent for longest makes way
  static constexpr uint32_t kForgetMs = 5000;    // of silence
  static constexpr uint32_t kChallenges = 1000;  // a second and worker
  static constexpr uint32_t kSearches = 200;     // walks over all sessions, likewise
  static constexpr uint32_t kBridged = 50'000;   // packets, likewise

  Roamers();
  // The one at the packet's source; null if it is not known.
  Roamer* find(const Packet& packet, Now now) noexcept;
  // Likewise, but a new one if it is not known.
  Roamer& at(const Packet& packet, Now now) noexcept;
  static void forget(Roamer& roamer) noexcept { roamer.seen_ms = 0; }

  Budget challenges{kChallenges}, searches{kSearches}, bridged{kBridged};

 private:
  [[nodiscard]] Roamer* set_of(const Packet& packet) noexcept;
  std::unique_ptr<Roamer[]> roamers_;
};

}  // namespace lb
