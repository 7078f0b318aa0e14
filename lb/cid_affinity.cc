// SPDX-License-Identifier: MIT
#include "lb/cid_affinity.h"

#include "lb/affinity.h"

namespace lb {
namespace {

// How long a tuple keeps the server that an id gave it before another id may give it another one.
constexpr uint16_t kStayTicks = kTicksPerSecond;

// The tuple's flow leads to another server than the id: forgets it, so that a new one may be opened. Its slot goes on for
// what is still under way, and ends by its own time-out. False: it is too young for that.
bool forget_moved(Worker& worker, Now now, const Packet& packet) {
  if (is_slot(packet.slot)) {
    const auto view = NatSlots::read(worker.segment.slots().at(packet.slot));
    if (view && ticks_since(now.tick(), view->control.tick()) < kStayTicks) return false;
  }
  with_flow_table(worker, packet, [&packet](auto& table, const auto& key) {
    table.remove_all(key, packet.hash, packet.slot);
  });
  return true;
}

}  // namespace

void follow_cid(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                Verdict& verdict) noexcept {
  const Service& service = *packet.service;
  if (is_one_way(service.forward)) {
    packet.backend = packet.named;
    packet.slot = kNoSlot;
    return;
  }
  look_among(worker, packet, service.moved);
  find_flow(worker, snapshot, now, packet);
  if (!packet.hit || packet.backend == packet.named) return;
  if (forget_moved(worker, now, packet))
    packet.hit = false;
  else
    worker.drop(packet, verdict, DropReason::kConnectionIdFlood);
}

}  // namespace lb
