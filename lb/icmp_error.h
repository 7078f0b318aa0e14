// SPDX-License-Identifier: MIT
// ICMP errors of Cleat's own: a packet could not go on, and its sender is told (RFC 792, RFC 1122 section 3.2.2, RFC 1191,
// RFC 4443 section 3).
#pragma once

#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Both answer from the address that the packet was sent to, with as much of it as fits. At most Worker::icmp_answers a second;
// nobody is told when the way to him is not known.
// packet  to a VIP or LIP, as it came in; nothing but TCP and UDP is answered
void tell_ttl_expired(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet) noexcept;
// mtu  the largest IP packet of the sender's family that would fit. "Fragmentation needed" says so also to who allowed routers
//      to fragment: Cleat is none, and his own stack can do it
void tell_too_big(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                  uint16_t mtu) noexcept;

}  // namespace lb
