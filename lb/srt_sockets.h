// SPDX-License-Identifier: MIT
// By which slot a server's SRT socket is reached: entries of the narrow flow table under the socket's number and the pool's `clients`
// id. A client names that socket in each packet, from whatever address it comes.
#pragma once

#include <optional>

#include "lb/flow_control.h"
#include "lb/nat_slot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// The slot that such an entry leads to; nullopt: its connection is over.
// cost  one line of the slot
std::optional<SlotView> srt_slot_of(const NatSlots& slots, FlowControl entry, uint32_t socket) noexcept;

// The entry; nullopt: nobody knows that socket, or its connection is over.
struct SrtSocket {
  FlowControl entry;
  SlotView slot;
};
std::optional<SrtSocket> find_srt_socket(Worker& worker, ListenerId clients, uint32_t socket) noexcept;

// False: another connection has that socket (of two servers, numbers may be the same), or the table is full.
// REQUIRES: note_srt_socket() on the slot
bool enter_srt_socket(Worker& worker, Now now, ListenerId clients, uint32_t socket, SlotIndex slot,
                      BackendId backend) noexcept;

// Removes the entry if it leads to `slot`.
void leave_srt_socket(Worker& worker, ListenerId clients, uint32_t socket, SlotIndex slot) noexcept;

}  // namespace lb
