// SPDX-License-Identifier: MIT
// The server's side of a splice.
#include <algorithm>

#include "lb/proxy_header.h"
#include "lb/splice.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

namespace flag = splice_flag;

unsigned shift_of(uint32_t word) { return word >> flag::kShiftAt & 0xf; }

// The peer's window scale; 0 if it says none.
unsigned shift_said(const Packet& packet) {
  static constexpr unsigned kMostShift = 14;  // RFC 7323 section 2.3
  unsigned shift = 0;
  for_each_tcp_option(tcp_options(packet), [&shift](std::span<uint8_t> option) {
    if (option[0] == tcp_option::kWindowScale && option.size() == 3)
      shift = std::min<unsigned>(option[2], kMostShift);
  });
  return shift;
}

uint32_t get_be32(const uint8_t* at) {
  be32 value;
  std::memcpy(&value, at, sizeof(value));
  return value.host();
}
void put_be32(uint8_t* at, uint32_t host) {
  const be32 value = be32::of(host);
  std::memcpy(at, &value, sizeof(value));
}

// What the server says of the client's numbers.
class Lowering {
 public:
  // acknowledged  what the segment acknowledges, as the server wrote it; young: before it the header was not acknowledged
  Lowering(uint32_t base, uint32_t length, uint32_t acknowledged, bool young)
      : base_(base), length_(length), acknowledged_(acknowledged), young_(young) {}

  [[nodiscard]] uint32_t edge(uint32_t number, bool may_be_header) const {
    return may_be_header && number - base_ <= length_ ? base_ : number - length_;
  }

  // Selective acknowledgements (RFC 2018). A block that speaks of the header alone, as a server's does that got it twice
  // (RFC 2883), is taken out.
  void lower_blocks(std::span<uint8_t> option) const {
    constexpr size_t kBlock = 8, kHead = 2;
    if (option.size() == kHead || (option.size() - kHead) % kBlock != 0) return;
    size_t kept = kHead;
    for (size_t at = kHead; at < option.size(); at += kBlock) {
      const uint32_t left = get_be32(&option[at]), right = get_be32(&option[at + 4]);
      const bool twice = static_cast<int32_t>(acknowledged_ - right) >= 0;
      const uint32_t new_left = edge(left, young_ || twice), new_right = edge(right, young_ || twice);
      if (new_left == new_right) continue;
      put_be32(&option[kept], new_left);
      put_be32(&option[kept + 4], new_right);
      kept += kBlock;
    }
    std::fill(option.begin() + static_cast<ptrdiff_t>(kept), option.end(), tcp_option::kNop);
    if (kept == kHead)
      option[0] = option[1] = tcp_option::kNop;
    else
      option[1] = static_cast<uint8_t>(kept);
  }

 private:
  const uint32_t base_, length_, acknowledged_;
  const bool young_;
};

// The client must not fill room that the rest of the header needs.
void lower_window(TcpHeader& tcp, uint32_t rest, unsigned shift) {
  const uint32_t units = (rest + (1U << shift) - 1) >> shift;
  tcp.window =
      be16::of(static_cast<uint16_t>(tcp.window.host() - std::min<uint32_t>(tcp.window.host(), units)));
}

// A server that answers another SYN than before begins anew and knows of no header. The same number proves nothing: the client chose it.
void take_syn_ack(NatSlot& slot, const Packet& packet, uint32_t length) {
  TcpHeader& tcp = tcp_of(packet);
  const uint32_t base = tcp.acknowledgement.host();
  const uint32_t word = slot.splice_or_bytes_out.load(std::memory_order_acquire);
  const uint32_t former = slot.splice_base_or_bytes_in.load(std::memory_order_relaxed);
  if ((word & flag::kBased) == 0 || (word & flag::kDoubt) != 0 || former != base) {
    const uint32_t no_room = tcp.window.host() < length ? flag::kNoRoom : 0;
    slot.splice_or_bytes_out.store(flag::kSpliced, std::memory_order_release);
    slot.splice_base_or_bytes_in.store(base, std::memory_order_release);
    slot.splice_or_bytes_out.store(
        flag::kSpliced | flag::kBased | no_room | shift_said(packet) << flag::kShiftAt,
        std::memory_order_release);
  }
  TcpHeaderEdit edit(packet);
  lower_window(tcp, length, 0);  // never scaled in a SYN-ACK
  edit.end();
}

void set(NatSlot& slot, uint32_t word, uint32_t flags, bool on) {
  if (((word & flags) != 0) == on) return;
  if (on)
    slot.splice_or_bytes_out.fetch_or(flags, std::memory_order_release);
  else
    slot.splice_or_bytes_out.fetch_and(~flags, std::memory_order_release);
}

}  // namespace

void splice_reply(NatSlot& slot, const Packet& packet, Family family) noexcept {
  if ((packet.tcp_flags & tcp_flag::kAck) == 0) return;
  const uint32_t length = proxy_header_bytes(family);
  if ((packet.tcp_flags & tcp_flag::kSyn) != 0) return take_syn_ack(slot, packet, length);
  const uint32_t word = slot.splice_or_bytes_out.load(std::memory_order_acquire);
  if ((word & flag::kBased) == 0) return;
  const uint32_t base = slot.splice_base_or_bytes_in.load(std::memory_order_relaxed);
  TcpHeader& tcp = tcp_of(packet);
  const uint32_t acknowledged = tcp.acknowledgement.host();
  const bool young = (word & flag::kAcknowledged) == 0;
  const Lowering lowering(base, length, acknowledged, young);
  TcpHeaderEdit edit(packet);
  const auto taken = static_cast<int32_t>(acknowledged - base);
  if ((packet.tcp_flags & tcp_flag::kRst) == 0) set(slot, word, flag::kDoubt, false);
  if (!young || taken > 0) tcp.acknowledgement = be32::of(lowering.edge(acknowledged, young));
  if (young && (packet.tcp_flags & tcp_flag::kRst) == 0) {
    const uint32_t rest = length - std::min(taken > 0 ? static_cast<uint32_t>(taken) : 0, length);
    set(slot, word, flag::kAcknowledged, rest == 0);
    if (taken <= 0) set(slot, word, flag::kSent, false);
    set(slot, word, flag::kNoRoom, (uint32_t{tcp.window.host()} << shift_of(word)) < rest);
    lower_window(tcp, rest, shift_of(word));
  }
  for_each_tcp_option(tcp_options(packet), [&](std::span<uint8_t> option) {
    if (option[0] == tcp_option::kSack) lowering.lower_blocks(option);
  });
  edit.end();
}

}  // namespace lb
