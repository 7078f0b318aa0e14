// SPDX-License-Identifier: MIT
// Delayed binding: a service with `affinity: stream` accepts a client's TCP connection itself, reads which stream it asks for, picks
// that stream's server, opens a connection to it, hands over what the client said, and joins the two (lb/seam.h). This is one
// connection between its first byte and the moment at which all that Cleat itself has sent is acknowledged.
//
//   kReading      the client speaks; what it asks for is not known yet
//   kConnecting   its server is picked; a SYN is on the way
//   kSpeaking     RTMP: Cleat tells the server what the client said, until both know the same (lb/rtmp_peek.h)
//   kSettling     joined: packets are passed on; what Cleat sent is repeated until it is acknowledged
//
// The handshake itself costs no state (lb/syn_cookie.h), so a peek begins with the client's first byte. Numbers follow RFC 9293,
// repeats RFC 6298. A segment out of order is kept, one that is lost is sent again by whoever sent it: client, server or Cleat.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "lb/address.h"
#include "lb/limits.h"
#include "lb/peek_end.h"
#include "lb/rtmp_peek.h"
#include "lb/stream_buffer.h"
#include "lb/streams.h"
#include "lb/syn_cookie.h"
#include "lb/time.h"

namespace lb {

enum class PeekPhase : uint8_t { kReading, kConnecting, kSpeaking, kSettling };

struct Peek {
  // Ends and listener as the client's packets have them.
  Endpoint client, vip;
  ListenerId listener = 0;
  PeekPhase phase = PeekPhase::kReading;
  bool publishes = false, asks = false;  // Seam's
  StreamPlace stream = 0;                // Seam::stream

  uint32_t client_begin = 0;  // number of the client's first byte
  uint32_t taken = 0;         // bytes of the client's that RTMP has read; what came after them is in `in`
  SynOptions client_options;
  uint32_t client_window = 0;            // bytes
  uint32_t own_begin = 0;                // number of Cleat's first byte to the client
  uint32_t out_size = 0;                 // bytes that Cleat itself says to the client, in all
  uint32_t out_sent = 0, out_acked = 0;  // of them

  SlotIndex slot = 0;
  uint8_t generation = 0;  // the slot's
  BackendId backend = 0;
  uint32_t server_next = 0;    // number of the server's next byte
  uint32_t server_window = 0;  // bytes
  SynOptions server_options;
  uint32_t give_size = 0;    // bytes of `give_bytes`
  uint32_t given = 0;        // bytes that Cleat gives to the server: those, then those of `in`
  uint32_t given_acked = 0;  // of them

  uint64_t began_ms = 0;
  uint64_t due_ms = 0;  // when what is not acknowledged is sent again
  uint8_t tries = 0;

  std::optional<RtmpPeek> rtmp;
  PeekBuffer in;                                           // what the client said
  std::array<uint8_t, RtmpPeek::kMostToClient> out_bytes;  // what Cleat says to it
  std::array<uint8_t, RtmpPeek::kMostToServer>
      give_bytes;  // RTMP: what it says to the server in the client's name

  [[nodiscard]] std::span<const uint8_t> out() const { return {out_bytes.data(), out_size}; }
  // Bytes of the client's that came in order.
  [[nodiscard]] uint32_t heard() const { return taken + static_cast<uint32_t>(in.ready().size()); }
  // All that can be given to the server by now.
  [[nodiscard]] uint32_t givable() const { return give_size + static_cast<uint32_t>(in.ready().size()); }
};

}  // namespace lb
