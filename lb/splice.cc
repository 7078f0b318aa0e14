// SPDX-License-Identifier: MIT
#include "lb/splice.h"

#include <algorithm>

#include "lb/proxy_header.h"
#include "lb/seam.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

namespace flag = splice_flag;

constexpr uint8_t kPush = 0x08, kUrgent = 0x20;

size_t payload_bytes(const Packet& packet) { return packet.l4_length - tcp_header_bytes(packet); }

// The IP header's length and checksum, and the packet's own.
void lengthen(Packet& packet, int bytes, ChecksumDelta& tcp) {
  const be16 before = be16::of(packet.l4_length);
  packet.l4_length = static_cast<uint16_t>(packet.l4_length + bytes);
  tcp.change(before, be16::of(packet.l4_length));
  if (!packet.v4) {
    auto* ip = reinterpret_cast<Ipv6Header*>(packet.l3);
    ip->payload_length = be16::of(static_cast<uint16_t>(ip->payload_length.host() + bytes));
    return;
  }
  auto* ip = reinterpret_cast<Ipv4Header*>(packet.l3);
  const be16 length = be16::of(static_cast<uint16_t>(ip->total_length.host() + bytes));
  ChecksumDelta header;
  header.change(ip->total_length, length);
  ip->total_length = length;
  ip->checksum = header.apply(ip->checksum);
}

void cut_payload(Frame& frame, Packet& packet, ChecksumDelta& tcp) {
  const size_t bytes = payload_bytes(packet);
  if (bytes == 0) return;
  tcp.change_sum(add_bytes(0, packet.l4 + tcp_header_bytes(packet), bytes), 0);
  lengthen(packet, -static_cast<int>(bytes), tcp);
  frame.length = static_cast<uint16_t>(frame.length - bytes);
}

// Moves all headers `bytes` towards the beginning, and returns the gap before the payload.
uint8_t* open_gap(Frame& frame, Packet& packet, size_t bytes) {
  uint8_t* const payload = packet.l4 + tcp_header_bytes(packet);
  std::memmove(frame.data - bytes, frame.data, static_cast<size_t>(payload - frame.data));
  frame.data -= bytes;
  frame.length = static_cast<uint16_t>(frame.length + bytes);
  frame.headroom = static_cast<uint16_t>(frame.headroom - bytes);
  packet.l2 -= bytes;
  packet.l3 -= bytes;
  packet.l4 -= bytes;
  if (packet.fragment_header != nullptr) packet.fragment_header -= bytes;
  return payload - bytes;
}

void put_header(NatSlot& slot, Frame& frame, Packet& packet, bool alone) {
  const Family family = packet.v4 ? Family::kIpv4 : Family::kIpv6;
  const uint8_t length = proxy_header_bytes(family);
  TcpHeaderEdit edit(packet);
  if (alone) cut_payload(frame, packet, edit.beyond);
  const bool had_payload = payload_bytes(packet) > 0;
  uint8_t* const gap = open_gap(frame, packet, length);
  put_proxy_header(gap, {packet.src, packet.src_port}, {packet.dst, packet.dst_port});
  edit.beyond.change_sum(0, add_bytes(0, gap, length));
  lengthen(packet, length, edit.beyond);
  TcpHeader& tcp = tcp_of(packet);
  if (!had_payload) tcp.flags |= kPush;
  if (alone) {
    tcp.sequence = be32::of(slot.splice_base_or_bytes_in.load(std::memory_order_relaxed));
    tcp.flags &= static_cast<uint8_t>(~(tcp_flag::kFin | kUrgent));
  }
  if ((tcp.flags & kUrgent) != 0)  // counts from the segment's first byte
    tcp.urgent = be16::of(static_cast<uint16_t>(std::min(tcp.urgent.host() + length, 0xffff)));
  edit.end();
  if ((slot.splice_or_bytes_out.load(std::memory_order_relaxed) & flag::kSent) == 0)
    slot.splice_or_bytes_out.fetch_or(flag::kSent, std::memory_order_relaxed);
}

void strip(NatSlot& slot, Frame& frame, Packet& packet) {
  if ((slot.splice_or_bytes_out.load(std::memory_order_relaxed) & flag::kBased) != 0)
    slot.splice_or_bytes_out.fetch_or(flag::kDoubt, std::memory_order_release);
  TcpHeaderEdit edit(packet);
  cut_payload(frame, packet, edit.beyond);
  for_each_tcp_option(tcp_options(packet), [](std::span<uint8_t> option) {
    if (option[0] == tcp_option::kMultipath) std::fill(option.begin(), option.end(), tcp_option::kNop);
  });
  edit.end();
}

// A number that lies before whatever the server waits for: he has to answer with that (RFC 9293 section 3.10.7.4).
void ask_where(const NatSlot& slot, Frame& frame, Packet& packet) {
  const uint32_t word = slot.splice_or_bytes_out.load(std::memory_order_acquire);
  const uint8_t length = proxy_header_bytes(packet.v4 ? Family::kIpv4 : Family::kIpv6);
  TcpHeaderEdit edit(packet);
  cut_payload(frame, packet, edit.beyond);
  TcpHeader& tcp = tcp_of(packet);
  const uint32_t next = (word & flag::kAcknowledged) != 0
                            ? tcp.sequence.host() + length
                            : slot.splice_base_or_bytes_in.load(std::memory_order_relaxed);
  tcp.sequence = be32::of(next - 1);
  tcp.flags &= static_cast<uint8_t>(~(tcp_flag::kFin | kUrgent));
  edit.end();
}

}  // namespace

Splice splice_of(const NatSlot& slot, const Packet& packet) noexcept {
  const uint32_t word = slot.splice_or_bytes_out.load(std::memory_order_acquire);
  if ((word & flag::kSpliced) == 0) return Splice::kAsItIs;
  const bool rst = (packet.tcp_flags & tcp_flag::kRst) != 0;
  const bool whole = packet.piece == Piece::kWhole;
  if ((packet.tcp_flags & tcp_flag::kSyn) != 0) return whole ? Splice::kStrip : Splice::kInPieces;
  if ((word & flag::kBased) == 0) return rst ? Splice::kAsItIs : Splice::kNoAnswerYet;
  if ((word & flag::kDoubt) != 0 && !rst) return whole ? Splice::kProbe : Splice::kInPieces;
  if ((word & flag::kAcknowledged) != 0) return Splice::kRaise;
  // The stream is young: nobody is 2^31 bytes apart yet.
  const auto ahead = static_cast<int32_t>(tcp_of(packet).sequence.host() -
                                          slot.splice_base_or_bytes_in.load(std::memory_order_relaxed));
  if (ahead > 0) return Splice::kRaise;
  // A reset counts only with the very number that the server waits for (RFC 5961 section 3.2). Is it the wrong one, the server says
  // what he waits for, and the client resets again.
  if (rst) return ahead == 0 && (word & flag::kSent) != 0 ? Splice::kRaise : Splice::kAsItIs;
  if (!whole) return Splice::kInPieces;
  if (ahead < 0) return Splice::kHeaderAlone;
  const bool finishes_handshake = payload_bytes(packet) == 0 && (packet.tcp_flags & tcp_flag::kFin) == 0;
  // A server without room for the header would not take an ACK that carries it, and never be established.
  if (finishes_handshake && (word & flag::kNoRoom) != 0) return Splice::kAsItIs;
  return (word & flag::kNarrow) != 0 ? Splice::kHeaderAlone : Splice::kPutHeader;
}

int growth_of(Splice splice, const Packet& packet) noexcept {
  const auto payload = static_cast<int>(payload_bytes(packet));
  const int header = proxy_header_bytes(packet.v4 ? Family::kIpv4 : Family::kIpv6);
  switch (splice) {
    case Splice::kPutHeader:
      return header;
    case Splice::kHeaderAlone:
      return header - payload;
    case Splice::kStrip:
    case Splice::kProbe:
      return -payload;
    default:
      return 0;
  }
}

void splice_client(NatSlot& slot, Splice splice, Frame& frame, Packet& packet) noexcept {
  if (splice == Splice::kStrip) return strip(slot, frame, packet);
  if (splice == Splice::kProbe) return ask_where(slot, frame, packet);
  if (carries_header(splice)) return put_header(slot, frame, packet, splice == Splice::kHeaderAlone);
  if (splice != Splice::kRaise) return;
  TcpHeader& tcp = tcp_of(packet);
  const uint8_t length = proxy_header_bytes(packet.v4 ? Family::kIpv4 : Family::kIpv6);
  const be32 raised = be32::of(tcp.sequence.host() + length);
  ChecksumDelta delta;
  delta.change(tcp.sequence, raised);
  tcp.sequence = raised;
  tcp.checksum = delta.apply(tcp.checksum);
}

void note_too_big(NatSlot& slot, uint32_t quoted) noexcept {
  const uint32_t word = slot.splice_or_bytes_out.load(std::memory_order_acquire);
  const bool young = (word & (flag::kBased | flag::kAcknowledged)) == flag::kBased;
  if (young && quoted == slot.splice_base_or_bytes_in.load(std::memory_order_relaxed))
    slot.splice_or_bytes_out.fetch_or(flag::kNarrow, std::memory_order_relaxed);
}

uint32_t client_sequence(const NatSlot& slot, uint32_t quoted, Family family) noexcept {
  if (has_seam(slot)) return quoted - seam_of(slot).in;
  const uint32_t word = slot.splice_or_bytes_out.load(std::memory_order_acquire);
  if ((word & flag::kBased) == 0) return quoted;
  const uint32_t base = slot.splice_base_or_bytes_in.load(std::memory_order_relaxed);
  const uint32_t length = proxy_header_bytes(family);
  if (quoted - base <= length) return base;
  const bool before = (word & flag::kAcknowledged) == 0 && static_cast<int32_t>(quoted - base) < 0;
  return before ? quoted : quoted - length;
}

uint32_t server_own_sequence(const NatSlot& slot, uint32_t quoted) noexcept {
  return has_seam(slot) ? quoted - seam_of(slot).out : quoted;
}

uint32_t server_sequence(const NatSlot& slot, uint32_t acknowledged, Family family) noexcept {
  if (has_seam(slot)) return acknowledged + seam_of(slot).in;
  const uint32_t word = slot.splice_or_bytes_out.load(std::memory_order_acquire);
  return (word & flag::kAcknowledged) != 0 ? acknowledged + proxy_header_bytes(family) : acknowledged;
}

}  // namespace lb
