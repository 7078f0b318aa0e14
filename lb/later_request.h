// SPDX-License-Identifier: MIT
// Further requests on an HTTP connection that is joined to a server already (lb/seam.h). One for a stream that another server has
// ends the connection, as a server ends one that was kept for too long: clients make their request again on a new connection (RFC 9112
// section 9.3.1), and that one is led to the right server.
#pragma once

#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// packet   a client's segment with payload, as it wrote it, of a flow whose seam has `asks`
// returns  true: the flow is reset on both sides, and the segment must not go on
// cost     what is not the number that the server waits for, or no request, nothing; a request: a pass over its head, a look-up in
//          the table of streams
//
// Only a request that begins a segment is seen, and of one that is longer than its segment the fields that the segment holds.
bool is_for_another_server(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                           NatSlot& slot) noexcept;

}  // namespace lb
