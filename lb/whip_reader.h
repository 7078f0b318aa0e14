// SPDX-License-Identifier: MIT
// Rung 3 of the ICE ladder: what WHIP and WHEP offers and answers that cross Cleat in clear say of a session, so that its media
// reaches the server that answered (RFC 9725; SRS names the STUN USERNAME in its Location). One worker's.
//
// The answer opens the way: it names the session, its server's ice-pwd verifies the client's checks. The offer's ice-pwd signs
// Cleat's own checks to the client.
#pragma once

#include <memory>
#include <span>

#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"

namespace lb {

struct Worker;

class WhipReader {
 public:
  static constexpr unsigned kStreams =
      512;  // directions of connections at once, 8 KB each, touched when used

  WhipReader();
  ~WhipReader();

  // Takes in one segment of a service that reads WHIP, to the server or from it.
  // packet   TCP, with its slot; listener: the slot's
  // cost     a copy of the payload, and a look through what is there of its message, 8 KB at most
  void read(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, const Listener& listener,
            BackendId backend) noexcept;

  // One side of a connection that Cleat accepted itself (lb/peek.h) begins, on the worker that hears that side: no SYN comes by here.
  // sequence  of its first byte, as read() will see it
  void begin(SlotIndex slot, bool reply, uint32_t sequence, Now now) noexcept;
  // What its client said while there was no server yet. REQUIRES: begin()
  // sequence  of the first of `bytes`; what was read before may be among them
  void read_kept(Worker& worker, Now now, SlotIndex slot, uint32_t sequence,
                 std::span<const uint8_t> bytes) noexcept;

 private:
  struct Stream;
  [[nodiscard]] Stream* find(SlotIndex slot, bool reply) noexcept;
  Stream* stream_of(const Packet& packet, Now now) noexcept;

  std::unique_ptr<Stream[]> streams_;
};

}  // namespace lb
