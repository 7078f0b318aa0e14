// SPDX-License-Identifier: MIT
#include "lb/icmp_error.h"

#include <algorithm>

#include "lb/checksum.h"
#include "lb/emit.h"
#include "lb/wire.h"

namespace lb {
namespace {

// RFC 1812 section 4.3.2.3: as much as fits into 576 bytes; RFC 4443 section 2.4 (c): into 1280.
constexpr size_t kMostV4 = 576 - sizeof(Ipv4Header), kMostV6 = 1280 - sizeof(Ipv6Header);

void tell(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, uint8_t type, uint8_t code,
          uint32_t rest) {
  // RFC 1122 section 3.2.2: no error about an error, nor about a later piece.
  const bool answerable = (packet.protocol == Protocol::kTcp || packet.protocol == Protocol::kUdp) &&
                          packet.piece != Piece::kLater;
  if (!answerable || !worker.icmp_answers.take(now)) return;
  std::array<uint8_t, kMostV6> message;
  const size_t quoted =
      std::min<size_t>(ip_bytes(packet), (packet.v4 ? kMostV4 : kMostV6) - sizeof(IcmpHeader));
  const size_t length = sizeof(IcmpHeader) + quoted;
  IcmpHeader icmp{type, code, {}, be32::of(rest)};
  std::memcpy(message.data(), &icmp, sizeof(icmp));
  std::memcpy(message.data() + sizeof(icmp), packet.l3, quoted);
  const Protocol protocol = packet.v4 ? Protocol::kIcmp : Protocol::kIcmpv6;
  icmp.checksum = icmp_checksum(packet.dst, packet.src, {message.data(), length});
  std::memcpy(message.data(), &icmp, sizeof(icmp));
  if (emit_ip(worker, snapshot, now, packet.dst, packet.src, protocol, {message.data(), length}))
    worker.counters.icmp_sent.add(1);
}

}  // namespace

void tell_ttl_expired(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet) noexcept {
  tell(worker, snapshot, now, packet, packet.v4 ? icmp::kTimeExceeded : icmpv6::kTimeExceeded, 0, 0);
}

void tell_too_big(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                  uint16_t mtu) noexcept {
  if (packet.v4)
    tell(worker, snapshot, now, packet, icmp::kUnreachable, icmp::kFragmentationNeeded, mtu);
  else
    tell(worker, snapshot, now, packet, icmpv6::kPacketTooBig, 0, mtu);
}

}  // namespace lb
