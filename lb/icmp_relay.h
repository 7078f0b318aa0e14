// SPDX-License-Identifier: MIT
// ICMP errors of routers, clients and servers, passed on to whose packet they speak of (RFC 5508 section 4, RFC 7915).
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// True for destination unreachable, packet too big, time exceeded and parameter problem.
bool is_icmp_error(const Packet& packet) noexcept;

// To a VIP: it speaks of a packet to a client, and goes to the client's backend. To a LIP: of a packet to a backend, and goes to the
// client, as coming from the VIP, whose network behind is nobody's business; or it speaks of a tunnel, and its MTU is noted.
// In `nat` a new packet goes out, with addresses and ports of the quoted one as its sender wrote them.
// packet  kLocal, is_icmp_error()
void relay_icmp_error(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                      Verdict& verdict) noexcept;

}  // namespace lb
