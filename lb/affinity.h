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

// Calls use(table, key) for the table that the packet's flow lies in. REQUIRES: packet.service is set, packet.listener too
template <typename Use>
inline auto with_flow_table(Worker& worker, const Packet& packet, Use&& use) {
  FlowTables& flows = worker.segment.flows();
  if (packet.service->wide)
    return use(flows.wide, wide_key(packet.src, packet.src_port, packet.listener, packet.dst_port));
  return use(flows.narrow, narrow_key(packet.src, packet.src_port, packet.listener));
}

// Says among whose flows find_flow() shall look, and fetches the place. REQUIRES: packet.service is set
inline void look_among(Worker& worker, Packet& packet, ListenerId listener) noexcept {
  packet.listener = listener;
  with_flow_table(worker, packet, [&packet](const auto& table, const auto& key) {
    packet.hash = table.hash(key);
    table.prefetch(packet.hash);
  });
}

// The packet is the first of its flow for a touch period, or says something of its beginning or end, or the flow was entered when
// its service was in another mode. False: the flow is over, and gone from the table.
template <typename Table>
bool touch_flow(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, Table& table,
                const typename Table::Key& key, typename Table::Found found) noexcept;
extern template bool touch_flow<NarrowTable>(Worker&, const Snapshot&, Now, const Packet&, NarrowTable&,
                                             const NarrowTable::Key&, NarrowTable::Found) noexcept;
extern template bool touch_flow<WideTable>(Worker&, const Snapshot&, Now, const Packet&, WideTable&,
                                           const WideTable::Key&, WideTable::Found) noexcept;

// find_flow() with a search(table, key) of the caller's.
template <typename Search>
inline void find_flow_by(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                         Search&& search) noexcept {
  constexpr uint8_t kEdges = tcp_flag::kSyn | tcp_flag::kFin | tcp_flag::kRst;
  packet.hit = with_flow_table(worker, packet, [&](auto& table, const auto& key) {
    const auto found = search(table, key);
    if (!found) return false;
    packet.backend = found.control.backend();
    packet.slot = found.control.slot();
    const Service& service = *packet.service;
    const bool fresh = ticks_since(now.tick(), found.control.tick()) < service.touch_ticks &&
                       (packet.tcp_flags & kEdges) == 0;
    const bool has_way = service.forward != Forward::kNat || is_slot(packet.slot);
    if (fresh && has_way) [[likely]]
      return true;
    return touch_flow(worker, snapshot, now, packet, table, key, found);
  });
}

// REQUIRES: look_among(). On return hit says whether backend and slot are set.
// cost  a hit reads one or two cache lines of the flow table; a touch one line of its slot
inline void find_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet) noexcept {
  find_flow_by(worker, snapshot, now, packet,
               [&packet](auto& table, const auto& key) { return table.find(key, packet.hash); });
}
// Its two halves: what glance_at_flow() missed may be there, and find_missed_flow() knows.
inline void glance_at_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet) noexcept {
  find_flow_by(worker, snapshot, now, packet,
               [&packet](auto& table, const auto& key) { return table.glance(key, packet.hash); });
}
void find_missed_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet) noexcept;

// What the flow table says, and nothing else changes. REQUIRES: look_among()
std::optional<FlowControl> peek_flow(Worker& worker, const Packet& packet) noexcept;

}  // namespace lb
