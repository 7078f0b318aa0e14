// SPDX-License-Identifier: MIT
// Fourth stage for `affinity: ice`: a check that names a session nobody knows climbs the ladder (lb/session.h, Rung), and the
// first rung to answer names the server.
//
// A session is learned (a record and a name, the server known) and opened (a slot, the client's first address). A check does
// both; WHIP and the API only the first.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/session_tables.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// REQUIRES: find_by_ice() left hit false and did not drop the packet, so it is a Binding request with a USERNAME.
// On return backend and slot are set, or the packet is dropped.
void open_session(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                  Verdict& verdict) noexcept;

// The end of a session that was opened: its addresses' flows, its name, its record.
// slot      that it was on; nothing is done if the session is on another by now
// vip_port  the port that its client addressed
void close_session(Worker& worker, SessionIndex index, SlotIndex slot, uint16_t vip_port) noexcept;

}  // namespace lb
