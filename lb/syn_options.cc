// SPDX-License-Identifier: MIT
#include "lb/syn_options.h"

#include <algorithm>

#include "lb/tcp_options.h"

namespace lb {

SynOptions read_syn_options(const Packet& packet) noexcept {
  constexpr uint16_t kLeastWorth = 48;  // as Linux takes it: less is a mistake, or an attack
  SynOptions said;
  for_each_tcp_option(tcp_options(packet), [&said, kLeastWorth](std::span<const uint8_t> option) {
    if (option[0] == tcp_option::kMss && option.size() == 4)
      said.mss = std::max(static_cast<uint16_t>(option[2] << 8 | option[3]), kLeastWorth);
    if (option[0] == tcp_option::kWindowScale && option.size() == 3)
      said.window_scale = std::min(option[2], SynOptions::kMostScale);
    if (option[0] == tcp_option::kSackPermitted && option.size() == 2) said.sack = true;
  });
  return said;
}

}  // namespace lb
