// SPDX-License-Identifier: MIT
#include "lb/reset_flow.h"

#include "lb/emit.h"
#include "lb/splice.h"
#include "lb/tcp_options.h"

namespace lb {

uint32_t awaited(const NatSlot& slot, uint32_t near) noexcept {
  const uint32_t low = slot.session_or_acknowledged.load(std::memory_order_relaxed) & ~kAcknowledged;
  return near - ((near - low + (kAcknowledged >> 1)) & ~kAcknowledged) + (kAcknowledged >> 1);
}

bool reset_flow(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                NatSlot& slot) noexcept {
  const TcpHeader& tcp = tcp_of(packet);
  const TcpFields to_client{tcp.acknowledgement.host(), 0, tcp_flag::kRst};
  if (!emit_tcp(worker, snapshot, now, {packet.dst, packet.dst_port}, {packet.src, packet.src_port},
                to_client))
    return false;
  // The backend may hear it when it comes back, or even now: a link may be cut one way.
  const Backend& backend = snapshot.backends[packet.backend];
  const Family family = packet.v4 ? Family::kIpv4 : Family::kIpv6;
  const uint32_t number = server_sequence(slot, awaited(slot, tcp.sequence.host()), family);
  const TcpFields to_backend{number, 0, tcp_flag::kRst};
  emit_tcp(worker, snapshot, now,
           {snapshot.lips[NatSlots::lip_of(packet.slot)], NatSlots::port_of(packet.slot)},
           {backend.address, backend.port != 0 ? backend.port : packet.dst_port}, to_backend);
  NatSlots::note_tcp(slot.tcp_forward, slot.tcp_reply, tcp_flag::kRst);
  worker.counters.resets.add(1);
  return true;
}

}  // namespace lb
