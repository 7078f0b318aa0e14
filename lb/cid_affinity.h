// SPDX-License-Identifier: MIT
// Third stage for `affinity: quic` and `dtls`: a connection id that names a server goes there, whatever the tuple says
// (draft-ietf-quic-load-balancers, "Load Balancer Forwarding"; R3.1 - R3.6).
//
// A flow that was opened by its tuple is never taken from it by an id of another server: anyone may send one from a forged
// address (R6.4). What the id names is a flow of its own then, beside it, under the service's `moved` listener.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Reads the packet's connection id: sets `named`, counts. REQUIRES: packet.kind is kClient, its service has connection ids
// cost  QuicRouter's
void read_cid(Worker& worker, const Snapshot& snapshot, Packet& packet) noexcept;

// REQUIRES: read_cid(). On return hit says whether backend and slot are set;
// if not, `named` and `listener` say what open_flow() shall open. May drop the packet.
// cost  one look-up of the flow table; a second one where tuple and id name different servers
void find_by_cid(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                 Verdict& verdict) noexcept;

}  // namespace lb
