// SPDX-License-Identifier: MIT
// What a SYN or a SYN-ACK says of its sender.
#pragma once

#include <cstdint>

#include "lb/packet.h"

namespace lb {

struct SynOptions {
  static constexpr uint8_t kNoScale = 15, kMostScale = 14;  // RFC 7323 section 2.3
  uint16_t mss = 536;                                       // unless it says another (RFC 9293 section 3.7.1)
  uint8_t window_scale = kNoScale;                          // 0..14
  bool sack = false;                                        // takes selective acknowledgements (RFC 2018)

  [[nodiscard]] bool scales() const { return window_scale != kNoScale; }
  friend bool operator==(const SynOptions&, const SynOptions&) = default;
};

// What is malformed counts as not said. REQUIRES: packet is TCP with SYN, and not a later piece
SynOptions read_syn_options(const Packet& packet) noexcept;

}  // namespace lb
