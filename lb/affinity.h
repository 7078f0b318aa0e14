// SPDX-License-Identifier: MIT
// Third stage: which backend has this flow already? A look-up by tuple; once a second and flow, and on TCP's SYN, FIN
// and RST, also a touch that keeps the flow and its slot alive and notices their end.
#pragma once

#include <optional>

#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// Says among whose flows find_flow() shall look, and fetches the place. REQUIRES: packet.service is set
void look_among(Worker& worker, Packet& packet, ListenerId listener) noexcept;

// REQUIRES: look_among(). On return hit says whether backend and slot are set.
// cost  a hit reads one or two cache lines of the flow table; a touch one line of its slot
void find_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet) noexcept;

// What the flow table says, and nothing else changes. REQUIRES: look_among()
std::optional<FlowControl> peek_flow(Worker& worker, const Packet& packet) noexcept;

}  // namespace lb
