// SPDX-License-Identifier: MIT
#include "lb/seam.h"

#include "lb/tcp_options.h"

namespace lb {
namespace {

using namespace seam_word;

uint64_t shift_word(int8_t shift, unsigned at) { return static_cast<uint64_t>(shift + kShiftBias) << at; }

void lower_sack(std::span<uint8_t> options, uint32_t by) {
  for_each_tcp_option(options, [by](std::span<uint8_t> option) {
    if (option[0] != tcp_option::kSack) return;
    for (size_t at = 2; at + sizeof(be32) <= option.size(); at += sizeof(be32)) {
      be32 edge;
      std::memcpy(&edge, &option[at], sizeof(edge));
      edge = be32::of(edge.host() - by);
      std::memcpy(&option[at], &edge, sizeof(edge));
    }
  });
}

// The general way; its fast twin is join_plain().
void join(const Packet& packet, const Crossing& crossing) {
  TcpHeader& tcp = tcp_of(packet);
  const std::span<uint8_t> options = tcp_options(packet);
  TcpHeaderEdit edit(packet);
  tcp.sequence = be32::of(tcp.sequence.host() + crossing.sent);
  if ((tcp.flags & tcp_flag::kAck) != 0)
    tcp.acknowledgement = be32::of(tcp.acknowledgement.host() - crossing.taken);
  if ((tcp.flags & tcp_flag::kSyn) == 0) tcp.window = shifted(tcp.window, crossing.window);
  if (!options.empty()) lower_sack(options, crossing.taken);
  edit.end();
}

}  // namespace

void put_seam(NatSlot& slot, const Seam& seam) noexcept {
  slot.lane_high[1].store(uint64_t{seam.in} | uint64_t{seam.out} << 32, std::memory_order_release);
  slot.lane_low[1].store(
      uint64_t{seam.stream & kPlaceBits} | uint64_t{seam.peek & kPlaceBits} << kPeekAt |
          shift_word(seam.window_in, kWindowInAt) | shift_word(seam.window_out, kWindowOutAt) |
          uint64_t{seam.settling} << kSettlingAt | uint64_t{seam.publishes} << kPublishesAt |
          uint64_t{seam.asks} << kAsksAt | uint64_t{seam.stream >> 24} << kStreamHighAt,
      std::memory_order_release);
}

void end_settling(NatSlot& slot) noexcept {
  slot.lane_low[1].fetch_and(~(uint64_t{1} << kSettlingAt), std::memory_order_acq_rel);
}

void join_client(const Seam& seam, const Packet& packet) noexcept { join(packet, to_server(seam)); }

void join_reply(const Seam& seam, const Packet& packet) noexcept { join(packet, to_client(seam)); }

}  // namespace lb
