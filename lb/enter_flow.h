// SPDX-License-Identifier: MIT
// What opening a flow and opening a session have in common: a slot, and an entry in the flow table.
#pragma once

#include <optional>

#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// A free slot for a flow of packet.protocol to packet.backend; if there is none, one of a flow that nobody answered.
std::optional<SlotIndex> claim_slot(Worker& worker, const Snapshot& snapshot, Now now,
                                    const Packet& packet) noexcept;

enum class Entered : uint8_t { kNew, kOther, kFull };

// Enters the packet's flow (look_among()) with its slot and backend. kOther: another worker was faster; the packet has taken
// over backend and slot of the entry that is there.
Entered enter_flow(Worker& worker, Now now, Packet& packet) noexcept;

// Likewise, but the flow leads to the packet's slot and backend afterwards, whatever it led to before. False: no room.
bool take_flow(Worker& worker, Now now, const Packet& packet) noexcept;

// Removes the entry of a client's address, if it leads to `slot`.
void leave_flow(Worker& worker, const IpAddress& client, uint16_t client_port, ListenerId listener,
                uint16_t vip_port, SlotIndex slot) noexcept;

}  // namespace lb
