// SPDX-License-Identifier: MIT
// `affinity: srt`, the server's half: its answers to the INDUCTION that Cleat sent it in a caller's name (lb/srt_client.h), and to the
// caller's CONCLUSION.
#pragma once

#include "lb/frame.h"
#include "lb/nat_slot.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// A packet of the server's while its slot is embryonic. The server's cookie stays here, and the caller gets Cleat's in its place: a
// caller that is answered twice repeats its CONCLUSION at once. With the server's CONCLUSION the slot is live.
// REQUIRES: has_srt_call(); the packet is UDP, of the slot's backend
// returns  false: the packet was dropped
bool hear_srt_server(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, NatSlot& slot,
                     const SlotView& view, Verdict& verdict) noexcept;

// A server's datagram on a slot that is live: the end of its client's connection, or anything else.
// REQUIRES: has_srt_call(slot), packet.slot is slot's
void note_srt_shutdown(Worker& worker, const Listener& listener, const Packet& packet,
                       NatSlot& slot) noexcept;

}  // namespace lb
