// SPDX-License-Identifier: MIT
#include "lb/pass_on.h"

#include <algorithm>

#include "lb/icmp_error.h"
#include "lb/next_hop.h"
#include "lb/rewrite.h"
#include "lb/tunnel.h"

namespace lb {

void pass_on(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet, Forward forward,
             Verdict& verdict) noexcept {
  const Backend& backend = snapshot.backends[packet.backend];
  const Family outer = backend.address.family();
  const unsigned more = is_tunnel(forward) ? tunnel_bytes(forward, outer) : 0;
  const IpAddress& from = outer == Family::kIpv4 ? snapshot.tunnel_v4 : snapshot.tunnel_v6;
  if (more != 0 && from.is_unset()) return worker.drop(packet, verdict, DropReason::kNoRoute);
  const unsigned mtu = more == 0
                           ? worker.mtus[backend.egress]
                           : worker.path_mtus.of(packet.backend, worker.mtus[backend.egress], now.tick());
  if (ip_bytes(packet) + more > mtu) {
    // No IPv6 host sends less than 1280 bytes (RFC 8201 section 4): on such a path only smaller packets come through.
    const unsigned least = packet.v4 ? 68 : 1280;
    tell_too_big(worker, snapshot, now, packet, static_cast<uint16_t>(std::max(mtu - more, least)));
    return worker.drop(packet, verdict, DropReason::kTooBig);
  }
  if (frame.headroom < more) return worker.drop(packet, verdict, DropReason::kNoHeadroom);
  decrement_ttl(packet);
  if (more != 0) put_into_tunnel(frame, packet, forward, from, backend.address, packet.hash);
  send_to(worker, snapshot, now, frame, backend.egress, backend.next_hop, packet, verdict);
}

}  // namespace lb
