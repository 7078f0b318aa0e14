// SPDX-License-Identifier: MIT
#include "lb/srt_sockets.h"

#include "lb/flow_key.h"
#include "lb/srt_call.h"

namespace lb {

std::optional<SlotView> srt_slot_of(const NatSlots& slots, FlowControl entry, uint32_t socket) noexcept {
  if (entry.slot() >= slots.size() || NatSlots::protocol_of(entry.slot()) != Protocol::kUdp)
    return std::nullopt;
  const NatSlot& slot = slots.at(entry.slot());
  auto view = NatSlots::read(slot);
  if (!view || view->control.backend() != entry.backend() || !has_srt_call(slot) ||
      srt_server_socket(slot) != socket)
    return std::nullopt;
  return view;
}

std::optional<SrtSocket> find_srt_socket(Worker& worker, ListenerId clients, uint32_t socket) noexcept {
  const NarrowTable& table = worker.segment.flows().narrow;
  const auto key = narrow_socket_key(socket, clients);
  const auto found = table.find(key, table.hash(key));
  if (!found) return std::nullopt;
  const auto slot = srt_slot_of(worker.segment.slots(), found.control, socket);
  if (!slot) return std::nullopt;
  return SrtSocket{found.control, *slot};
}

bool enter_srt_socket(Worker& worker, Now now, ListenerId clients, uint32_t socket, SlotIndex slot,
                      BackendId backend) noexcept {
  NarrowTable& table = worker.segment.flows().narrow;
  const auto key = narrow_socket_key(socket, clients);
  const uint64_t hash = table.hash(key);
  auto found = table.find(key, hash);
  if (!found) {
    const auto inserted = table.insert(key, hash, slot, backend, now.tick());
    worker.counters.relocations.add(inserted.moves);
    if (inserted.outcome != NarrowTable::Outcome::kDuplicate)
      return inserted.outcome == NarrowTable::Outcome::kInserted;
    found = inserted.found;
  }
  if (found.control.slot() == slot && found.control.backend() == backend) return true;
  if (srt_slot_of(worker.segment.slots(), found.control, socket)) return false;
  return NarrowTable::repoint(found, slot, backend, now.tick());
}

void leave_srt_socket(Worker& worker, ListenerId clients, uint32_t socket, SlotIndex slot) noexcept {
  NarrowTable& table = worker.segment.flows().narrow;
  const auto key = narrow_socket_key(socket, clients);
  table.remove_all(key, table.hash(key), slot);
}

}  // namespace lb
