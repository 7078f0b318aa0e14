// SPDX-License-Identifier: MIT
#include "lb/mss_clamp.h"

#include <algorithm>

#include "lb/ip_header.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

// Of a port with an absurd MTU: Linux takes no less than 48 for a peer's word.
constexpr int kLeastWorthSaying = 48;

int mss_through(const Arm& arm) {
  return arm.mtu - static_cast<int>(ip_header_bytes(arm.family) + sizeof(TcpHeader));
}

}  // namespace

uint16_t mss_between(const Arm& a, const Arm& b, uint16_t configured) noexcept {
  const int most = std::max(std::min(mss_through(a), mss_through(b)), kLeastWorthSaying);
  return static_cast<uint16_t>(configured != 0 ? std::min<int>(most, configured) : most);
}

void clamp_mss(const Packet& packet, uint16_t most, uint8_t header) noexcept {
  if (tcp_options(packet).empty()) return;
  TcpHeaderEdit edit(packet);
  for_each_tcp_option(tcp_options(packet), [&](std::span<uint8_t> option) {
    if (option[0] != tcp_option::kMss || option.size() != 4) return;
    const auto said = static_cast<uint16_t>(option[2] << 8 | option[3]);
    uint16_t mss = most != 0 ? std::min(said, most) : said;
    if (mss >= kLeastWorthSaying + header) mss = static_cast<uint16_t>(mss - header);
    option[2] = static_cast<uint8_t>(mss >> 8);
    option[3] = static_cast<uint8_t>(mss);
  });
  edit.end();
}

}  // namespace lb
