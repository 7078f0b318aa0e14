// SPDX-License-Identifier: MIT
// Where two TCP connections are joined: one that Cleat accepted from a client (lb/peek.h), and one that it opened to a server once
// it knew whose the client's stream is. From then on a packet is passed on as through any `nat`, and only the numbers of the two
// byte streams, which began with different ones, are translated, selective acknowledgements (RFC 2018) and windows (RFC 7323)
// included. Timestamps are not agreed on, with either side.
//
// A seam lies in its slot, in the lane that a TCP flow has no other use for (a TCP client keeps its address), and outlives the process.
#pragma once

#include <algorithm>

#include "lb/checksum.h"
#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/streams.h"
#include "lb/wire.h"

namespace lb {

struct Seam {
  uint32_t in = 0;   // what a number of the client's stream grows by on the way to the server
  uint32_t out = 0;  // what a number of the server's stream grows by on the way to the client
  int8_t window_in =
      0;  // bits by which the client's window is shifted left for the server; negative: right. -15..15
  int8_t window_out = 0;   // likewise the server's for the client
  bool settling = false;   // Cleat has something of its own on the way that is not acknowledged yet
  bool publishes = false;  // the client publishes its stream
  bool asks = false;       // it speaks HTTP, and may ask for something else later (lb/later_request.h)
  uint32_t peek = 0;       // place in the table of peeks, while it settles; 24 bits
  StreamPlace stream = kNoStream;  // in the table of streams
};

// The slot's connection to the server is being opened, or the two are joined.
constexpr bool is_peeked(SlotControl control) { return control.state() == SlotState::kProbing; }
constexpr bool is_joined(SlotControl control) { return control.state() == SlotState::kSpliced; }

inline bool has_seam(const NatSlot& slot) noexcept {
  return is_joined(SlotControl(slot.control.load(std::memory_order_acquire)));
}

// NatSlot::lane_high[1]: in 32 | out 32. NatSlot::lane_low[1]: stream's low 24 | peek 24 | window_in 5 | window_out 5 | settling | publishes | asks |
// stream's high 3.
// All from the low end on; shifts are stored 16 higher.
namespace seam_word {
inline constexpr unsigned kPeekAt = 24, kWindowInAt = 48, kWindowOutAt = 53, kSettlingAt = 58,
                          kPublishesAt = 59, kAsksAt = 60, kStreamHighAt = 61;
inline constexpr int kShiftBias = 16;
inline constexpr uint32_t kPlaceBits = 0xff'ffff;

inline int8_t shift_at(uint64_t word, unsigned at) {
  return static_cast<int8_t>(static_cast<int>(word >> at & 0x1f) - kShiftBias);
}
}  // namespace seam_word

// REQUIRES: of both, a TCP slot of a flow that Cleat accepted. put_seam(): whoever holds its peek
inline Seam seam_of(const NatSlot& slot) noexcept {
  using namespace seam_word;
  const uint64_t numbers = slot.lane_high[1].load(std::memory_order_acquire);
  const uint64_t word = slot.lane_low[1].load(std::memory_order_acquire);
  Seam seam;
  seam.in = static_cast<uint32_t>(numbers);
  seam.out = static_cast<uint32_t>(numbers >> 32);
  seam.window_in = shift_at(word, kWindowInAt);
  seam.window_out = shift_at(word, kWindowOutAt);
  seam.settling = (word >> kSettlingAt & 1) != 0;
  seam.publishes = (word >> kPublishesAt & 1) != 0;
  seam.asks = (word >> kAsksAt & 1) != 0;
  seam.peek = static_cast<uint32_t>(word >> kPeekAt) & kPlaceBits;
  seam.stream = (static_cast<uint32_t>(word) & kPlaceBits) | static_cast<uint32_t>(word >> kStreamHighAt)
                                                                 << 24;
  return seam;
}
void put_seam(NatSlot& slot, const Seam& seam) noexcept;
// What was on the way has come. Any worker.
void end_settling(NatSlot& slot) noexcept;

// A client's segment, as its server shall read it, and a server's, as its client shall. Addresses and ports stay.
// REQUIRES: packet is TCP, not a later piece, of the flow on that slot
void join_client(const Seam& seam, const Packet& packet) noexcept;
void join_reply(const Seam& seam, const Packet& packet) noexcept;

// One direction of a seam.
struct Crossing {
  uint32_t sent;   // what its own number grows by
  uint32_t taken;  // what the number that it acknowledges shrinks by
  int window;      // shift
};
constexpr Crossing to_server(const Seam& seam) { return {seam.in, seam.out, seam.window_in}; }
constexpr Crossing to_client(const Seam& seam) { return {seam.out, seam.in, seam.window_out}; }

inline be16 shifted(be16 window, int shift) {
  const uint32_t before = window.host();
  const uint32_t after = shift >= 0 ? before << shift : before >> -shift;
  return be16::of(static_cast<uint16_t>(std::min<uint32_t>(after, 0xffff)));
}

// A segment whose header has no options, with ACK and without SYN: as nearly all are.
inline bool is_plain_segment(const Packet& packet) noexcept {
  constexpr uint8_t kNoOptions = sizeof(TcpHeader) / 4;
  return reinterpret_cast<const TcpHeader*>(packet.l4)->offset >> 4 == kNoOptions &&
         (packet.tcp_flags & (tcp_flag::kSyn | tcp_flag::kAck)) == tcp_flag::kAck;
}

// As join_client() and join_reply(). REQUIRES: is_plain_segment()
inline void join_plain(const Crossing& crossing, const Packet& packet) noexcept {
  auto* tcp = reinterpret_cast<TcpHeader*>(packet.l4);
  const be32 sequence = be32::of(tcp->sequence.host() + crossing.sent);
  const be32 acknowledgement = be32::of(tcp->acknowledgement.host() - crossing.taken);
  ChecksumDelta delta;
  delta.change(tcp->sequence, sequence);
  delta.change(tcp->acknowledgement, acknowledgement);
  tcp->sequence = sequence;
  tcp->acknowledgement = acknowledgement;
  if (crossing.window != 0) {
    const be16 window = shifted(tcp->window, crossing.window);
    delta.change(tcp->window, window);
    tcp->window = window;
  }
  tcp->checksum = delta.apply(tcp->checksum);
}

}  // namespace lb
