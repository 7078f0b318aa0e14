// SPDX-License-Identifier: MIT
// The options of a TCP header (RFC 9293 section 3.1), and changes to a header that its checksum follows.
#pragma once

#include <span>

#include "lb/checksum.h"
#include "lb/packet.h"
#include "lb/wire.h"

namespace lb {

namespace tcp_option {
inline constexpr uint8_t kEnd = 0, kNop = 1, kMss = 2, kWindowScale = 3, kSackPermitted = 4, kSack = 5,
                         kMultipath = 30;
}

// REQUIRES: of the three below, packet is TCP, and not a later piece
inline TcpHeader& tcp_of(const Packet& packet) { return *reinterpret_cast<TcpHeader*>(packet.l4); }
inline size_t tcp_header_bytes(const Packet& packet) {
  return static_cast<size_t>(tcp_of(packet).offset >> 4) * 4;
}
// Behind the fixed header; parse() proved that they are there.
inline std::span<uint8_t> tcp_options(const Packet& packet) {
  return {packet.l4 + sizeof(TcpHeader), tcp_header_bytes(packet) - sizeof(TcpHeader)};
}

// REQUIRES: the packet is whole. cost: reads all of it
inline bool tcp_checksum_holds(const Packet& packet) {
  const uint64_t pseudo =
      pseudo_header_sum(packet.src, packet.dst, static_cast<uint8_t>(Protocol::kTcp), packet.l4_length);
  return checksum_of(add_bytes(pseudo, packet.l4, packet.l4_length)).raw == 0;
}

// Calls visit(option) for each option but padding, in their order. An option holds its kind, its length and what follows, 2 bytes at
// least. Ends at the end of the list, or at the first option that is shorter than it may be, or longer than the header.
template <typename Visit>
void for_each_tcp_option(std::span<uint8_t> options, Visit&& visit) {
  while (!options.empty() && options[0] != tcp_option::kEnd) {
    if (options[0] == tcp_option::kNop) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return;
    visit(options.first(options[1]));
    options = options.subspan(options[1]);
  }
}

// Between its beginning and end() anything in the TCP header may be written but the checksum and the header's length.
// cost  sums the header up twice: some ten nanoseconds
class TcpHeaderEdit {
 public:
  explicit TcpHeaderEdit(const Packet& packet)
      : packet_(packet), length_(tcp_header_bytes(packet)), before_(add_bytes(0, packet.l4, length_)) {}

  // What else changed in that which the checksum covers: payload, length.
  ChecksumDelta beyond;

  void end() {
    beyond.change_sum(before_, add_bytes(0, packet_.l4, length_));
    TcpHeader& tcp = tcp_of(packet_);
    tcp.checksum = beyond.apply(tcp.checksum);
  }

 private:
  const Packet& packet_;
  const size_t length_;
  const uint64_t before_;
};

}  // namespace lb
