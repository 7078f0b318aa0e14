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

// The packet's connection id names another server than its tuple's flow has.
// REQUIRES: find_flow() among the service's own flows found one, of another backend than `named` (read_cids())
// On return hit says whether backend and slot are set; if not, `named` and `listener` say what open_flow() shall open. May drop
// the packet.
// cost  in `nat` one more look-up of the flow table
void follow_cid(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) noexcept;

}  // namespace lb
