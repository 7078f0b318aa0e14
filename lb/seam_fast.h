// SPDX-License-Identifier: MIT
// The way on of nearly all packets of a client whose connection is joined to another (lb/seam.h). For these it does what
// forward_client() (lb/forward.h) does, its plain twin; all others are left to that.
#pragma once

#include "lb/forward_fast.h"
#include "lb/seam.h"

namespace lb {

// Asks for what the packet's way on needs. REQUIRES: packet.hit, of a service with `affinity: stream`
inline void prefetch_seam(const Worker& worker, const Packet& packet) noexcept {
  if (is_slot(packet.slot)) worker.segment.slots().prefetch(packet.slot);
}

// A client's packet. REQUIRES: as forward_client(); frame.data is where parse() found it
// returns  false, and nothing changed: ask forward_client()
inline bool forward_seam_fast(Worker& worker, const Snapshot& snapshot, Now now, Frame& frame, Packet& packet,
                              Verdict& verdict) noexcept {
  const Service& service = *packet.service;
  const Backend& backend = snapshot.backends[packet.backend];
  if (service.affinity != Affinity::kStream || service.reads_whip || !backend.is_plain[packet.v4] ||
      packet.piece != Piece::kWhole || !is_slot(packet.slot) || !is_plain_segment(packet))
    return false;
  const NatSlot& slot = worker.segment.slots().at(packet.slot);
  if (!has_seam(slot)) return false;
  const Seam seam = seam_of(slot);
  const unsigned bytes = fast::ip_bytes(packet);
  const bool says_something = packet.l4_length > sizeof(TcpHeader);
  if (seam.settling || (seam.asks && says_something) || bytes > worker.mtus[backend.egress]) [[unlikely]]
    return false;
  fast::cut_to(frame, bytes);
  fast::count_in(worker, service.id, packet.backend, frame);
  join_plain(to_server(seam), packet);
  rewrite(packet, snapshot.lips[NatSlots::lip_of(packet.slot)], NatSlots::port_of(packet.slot),
          backend.address, backend.port != 0 ? backend.port : packet.dst_port);
  send_to(worker, snapshot, now, frame, backend.egress, backend.next_hop, packet, verdict);
  return true;
}

}  // namespace lb
