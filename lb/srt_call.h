// SPDX-License-Identifier: MIT
// An SRT connection, in words of its NAT slot that a UDP flow has no other use for (lb/nat_slot.h): so it outlives the process with
// the slot. The slot is embryonic until the server accepts the connection, and live from then on.
//
// Several connections of one client may come by one address and port. They share a slot if they have one server; what is
// remembered is the youngest.
#pragma once

#include "lb/nat_slot.h"
#include "lb/seam.h"

namespace lb {

struct SrtCall {
  StreamPlace stream = kNoStream;  // in the table of streams
  bool publishes = false;          // the client publishes its stream
  bool answered = false;           // the server has given its cookie
  bool over = false;               // one of the two has said SHUTDOWN
};

// NatSlot::session_or_acknowledged: stream 27 | publishes | answered | over | - 1 | kAcknowledged, which says that there is a call.
// All from the low end on.
namespace srt_word {
inline constexpr uint32_t kStreamBits = (1U << kStreamPlaceBits) - 1, kPublishes = 1U << 27,
                          kAnswered = 1U << 28, kOver = 1U << 29;
}

// REQUIRES: of all below, a slot of UDP
inline bool has_srt_call(const NatSlot& slot) noexcept {
  return (slot.session_or_acknowledged.load(std::memory_order_acquire) & kAcknowledged) != 0;
}

// REQUIRES: has_srt_call()
inline SrtCall srt_call_of(const NatSlot& slot) noexcept {
  using namespace srt_word;
  const uint32_t word = slot.session_or_acknowledged.load(std::memory_order_acquire);
  return {word & kStreamBits, (word & kPublishes) != 0, (word & kAnswered) != 0, (word & kOver) != 0};
}

// A caller wants a stream of the slot's server. One call before it is forgotten, but for the server's socket.
// caller  its socket
inline void begin_srt_call(NatSlot& slot, uint32_t caller, StreamPlace stream, bool publishes) noexcept {
  slot.tcp_forward.store(static_cast<uint8_t>(caller), std::memory_order_relaxed);
  slot.tcp_reply.store(static_cast<uint8_t>(caller >> 8), std::memory_order_relaxed);
  slot.session_or_acknowledged.store(
      kAcknowledged | (stream & srt_word::kStreamBits) | (publishes ? srt_word::kPublishes : 0),
      std::memory_order_release);
}

// By 16 bits of its number: libsrt counts these down.
inline bool is_srt_caller(const NatSlot& slot, uint32_t socket) noexcept {
  return slot.tcp_forward.load(std::memory_order_relaxed) == static_cast<uint8_t>(socket) &&
         slot.tcp_reply.load(std::memory_order_relaxed) == static_cast<uint8_t>(socket >> 8);
}

// What the server has given: its cookie for the slot's LIP and port, whoever calls from there, and its socket, 0 before.
inline uint32_t srt_server_cookie(const NatSlot& slot) noexcept {
  return slot.splice_or_bytes_out.load(std::memory_order_acquire);
}
inline void note_srt_cookie(NatSlot& slot, uint32_t cookie) noexcept {
  slot.splice_or_bytes_out.store(cookie, std::memory_order_release);
  slot.session_or_acknowledged.fetch_or(srt_word::kAnswered, std::memory_order_acq_rel);
}
inline uint32_t srt_server_socket(const NatSlot& slot) noexcept {
  return slot.splice_base_or_bytes_in.load(std::memory_order_acquire);
}
inline void note_srt_socket(NatSlot& slot, uint32_t socket) noexcept {
  slot.splice_base_or_bytes_in.store(socket, std::memory_order_release);
}
inline void end_srt_call(NatSlot& slot) noexcept {
  slot.session_or_acknowledged.fetch_or(srt_word::kOver, std::memory_order_acq_rel);
}

}  // namespace lb
