// SPDX-License-Identifier: MIT
// Where ICE sessions are found: by USERNAME, by an SSRC that their client sends, and all of them by number. In the segment,
// beside the flow tables but apart from them: what fills these cannot fill those.
#pragma once

#include <optional>
#include <string_view>

#include "lb/flow_table.h"
#include "lb/session.h"

namespace lb {

struct SessionFound {
  SessionIndex index = 0;
  SessionControl control;  // as it was read, open
};

// The latest SRTCP packet of an SSRC of a session's client (lb/session_media.h): ssrc 32 | index 31 by the one layout, and by
// the other. A browser has two, each with an index of its own: reports come from 1, congestion feedback from fa17fa17.
struct SrtcpNote {
  std::atomic<uint64_t> ssrc_and_cm;
  std::atomic<uint64_t> gcm;
};
struct SrtcpNotes {
  std::array<SrtcpNote, 2> of;
};

struct SessionTables {
  WideTable names;    // (pool, USERNAME); the session stands where flows have their slot
  NarrowTable ssrcs;  // (pool, SSRC); likewise
  Sessions sessions;
  SrtcpNotes* srtcp;  // by session
  uint64_t seed;      // secret: strangers choose names

  // name  any length; one that has no session for its length is not found
  [[nodiscard]] WideTable::Key name_key(ListenerId pool, std::string_view name) const noexcept;
  static NarrowTable::Key ssrc_key(ListenerId pool, uint32_t ssrc) noexcept {
    return {uint64_t{ssrc} | uint64_t{pool} << 48};
  }

  // cost  a hash of the name, one or two lines of the table, two of the session
  [[nodiscard]] std::optional<SessionFound> find(ListenerId pool, std::string_view name) const noexcept;
  // The address of an open session on `slot`; not in use: another session's slot, or none of its addresses.
  [[nodiscard]] TupleFound tuple_on(SlotIndex slot, SessionIndex index, const IpAddress& client,
                                    uint16_t client_port, ListenerId listener) const noexcept;

  // A new session, known by its name and its server, without a client so far.
  // hand     Sessions::claim()'s
  // name     1..kMaxSessionName bytes. REQUIRES: find() missed just before
  // returns  nullopt when there is no room, or another worker was faster: look again
  std::optional<SessionFound> learn(SessionIndex& hand, ListenerId pool, std::string_view name,
                                    BackendId backend, Rung rung, Now now) noexcept;
  // Takes name and SSRCs out, then frees the record. False if another worker did.
  bool forget(SessionIndex index, SessionControl seen) noexcept;
};

}  // namespace lb
