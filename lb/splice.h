// SPDX-License-Identifier: MIT
// Spliced TCP flows: Cleat puts the PROXY header (lb/proxy_header.h) in front of what the client sends, and terminates nothing. The
// header rides on the client's segments that begin the stream, its handshake's ACK first, until the server has acknowledged it. All
// that comes after is L bytes further on for the server, and what he says of it L bytes less for the client.
//
//   number, of the client   ISN | B .............           B = ISN + 1 = what the server's SYN-ACK acknowledges
//   number, of the server   ISN | B ..L.. B+L .............
//
// Only Cleat may ever write the server's [B, B+L): who could, could say to be anybody. So until the server has acknowledged them,
// nothing that a client sends from before B on, or in a SYN, reaches him but the header.
// A SYN on a flow that is there may begin another connection, if the server forgot this one: then what was acknowledged counts no more,
// and until he has spoken nothing of the client's reaches him but questions.
// What is known of a flow lies in its slot and outlives the process; a flow keeps what it began with.
#pragma once

#include "lb/frame.h"
#include "lb/nat_slot.h"
#include "lb/packet.h"

namespace lb {

// NatSlot::splice_or_bytes_out of a TCP flow. Flags are set and cleared by whoever sees the packet that says so, any worker.
namespace splice_flag {
inline constexpr uint32_t kSpliced = 0x01;
inline constexpr uint32_t kBased =
    0x02;  // the server answered the SYN: NatSlot::splice_base_or_bytes_in is B
inline constexpr uint32_t kAcknowledged = 0x04;  // the server has the header
inline constexpr uint32_t kSent = 0x08;  // it went out, and the server did not say since that it has not come
inline constexpr uint32_t kNoRoom = 0x10;  // the server's window is smaller than the rest of the header
inline constexpr uint32_t kNarrow = 0x20;  // a router said that header and payload together are too big
inline constexpr uint32_t kDoubt = 0x40;   // the client sent another SYN, and the server said nothing since
inline constexpr unsigned kShiftAt = 8;    // four bits: of the server's window (RFC 7323 section 2)
}  // namespace splice_flag

// REQUIRES: a TCP flow's slot, filled and not yet open
inline void begin_splice(NatSlot& slot) noexcept {
  slot.splice_or_bytes_out.store(splice_flag::kSpliced, std::memory_order_release);
}
// REQUIRES: a TCP flow's slot
inline bool is_spliced(const NatSlot& slot) noexcept {
  return (slot.splice_or_bytes_out.load(std::memory_order_relaxed) & splice_flag::kSpliced) != 0;
}

enum class Splice : uint8_t {
  kAsItIs,
  kRaise,        // its number
  kPutHeader,    // in front of its payload
  kHeaderAlone,  // in its place: what it carries lies before the stream, as a keep-alive does, or comes again
  kStrip,  // a SYN: of payload (RFC 7413), which the client sends again, and of multipath TCP (RFC 8684), whose sums would fail
  kProbe,  // nothing of it but a question where the server stands
  kNoAnswerYet,  // drop it: nothing may come before the server's SYN-ACK
  kInPieces,     // drop it: the header cannot be put into a part of a segment
};
constexpr bool carries_header(Splice s) { return s == Splice::kPutHeader || s == Splice::kHeaderAlone; }

// What a client's segment wants. REQUIRES: packet is TCP, not a later piece, of the flow on that slot
Splice splice_of(const NatSlot& slot, const Packet& packet) noexcept;

// How many bytes longer the segment gets by it. REQUIRES: as splice_of()
int growth_of(Splice splice, const Packet& packet) noexcept;

// Does it; the packet is still the client's to the VIP. Its headers move towards the frame's beginning.
// REQUIRES: splice is neither kNoAnswerYet nor kInPieces; for a header frame.headroom >= its length; the frame ends with its IP packet
void splice_client(NatSlot& slot, Splice splice, Frame& frame, Packet& packet) noexcept;

// A server's segment, as its client shall read it: acknowledgement, selective ones and window. Learns from it how far the server is.
// family    the client's
// REQUIRES: packet is TCP, not a later piece, of the flow on that slot
void splice_reply(NatSlot& slot, const Packet& packet, Family family) noexcept;

// A router on the way to the server says that a segment is too big. If it carried the header, the header goes alone from now on: the
// client would make its segments only as small as it is told, and the next would be too big again.
void note_too_big(NatSlot& slot, uint32_t quoted) noexcept;

// The number by which the client knows a segment that somebody quotes as it went to the server. Of flows with a seam (lb/seam.h), too.
uint32_t client_sequence(const NatSlot& slot, uint32_t quoted, Family family) noexcept;

// The number by which the server knows a segment that somebody quotes as it went to the client.
uint32_t server_own_sequence(const NatSlot& slot, uint32_t quoted) noexcept;

// The number by which the server knows what the client's number `acknowledged` is, if that is what he acknowledged last.
uint32_t server_sequence(const NatSlot& slot, uint32_t acknowledged, Family family) noexcept;

}  // namespace lb
