// SPDX-License-Identifier: MIT
// What opening a flow and opening a session have in common: a slot, and an entry in the flow table.
#pragma once

#include <optional>

#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// As claim_slot(), of flows that nobody answered.
std::optional<SlotIndex> claim_evicted(Worker& worker, const Snapshot& snapshot, Now now,
                                       const Packet& packet) noexcept;

// A free slot for a flow of packet.protocol to packet.backend; if there is none, one of a flow that nobody answered.
inline std::optional<SlotIndex> claim_slot(Worker& worker, const Snapshot& snapshot, Now now,
                                           const Packet& packet) noexcept {
  const Family family = snapshot.backends[packet.backend].address.family();
  const auto claimed =
      worker.slots.claim(worker.segment.slots(), family, packet.protocol, packet.backend, now.tick());
  return claimed ? claimed : claim_evicted(worker, snapshot, now, packet);
}

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
