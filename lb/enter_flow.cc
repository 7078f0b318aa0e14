// SPDX-License-Identifier: MIT
#include "lb/enter_flow.h"

#include "lb/affinity.h"
#include "lb/close_flow.h"

namespace lb {
namespace {

template <typename Table>
Entered outcome_of(typename Table::Outcome outcome) {
  if (outcome == Table::Outcome::kFull) return Entered::kFull;
  return outcome == Table::Outcome::kInserted ? Entered::kNew : Entered::kOther;
}

}  // namespace

std::optional<SlotIndex> claim_evicted(Worker& worker, const Snapshot& snapshot, Now now,
                                       const Packet& packet) noexcept {
  const Family family = snapshot.backends[packet.backend].address.family();
  if (evict_embryonic(worker, snapshot, family, packet.protocol, now) == 0) return std::nullopt;
  return worker.slots.claim(worker.segment.slots(), family, packet.protocol, packet.backend, now.tick());
}

Entered enter_flow(Worker& worker, Now now, Packet& packet) noexcept {
  return with_flow_table(worker, packet, [&](auto& table, const auto& key) {
    using Table = std::decay_t<decltype(table)>;
    RoomSearch& search = worker.room_search[packet.service->wide ? 1 : 0];
    // The client's next segment finishes the handshake: it shall be looked at, however soon it comes.
    const bool shakes_hands = packet.protocol == Protocol::kTcp && is_slot(packet.slot);
    const auto touched = static_cast<Tick>(shakes_hands ? now.tick() - kTouchTicks : now.tick());
    const auto inserted =
        table.insert(key, packet.hash, packet.slot, packet.backend, touched, search.worth_it());
    worker.counters.relocations.add(inserted.moves);
    if (inserted.outcome == Table::Outcome::kFull)
      search.refused();
    else
      search.entered(inserted.moves);
    if (inserted.outcome == Table::Outcome::kDuplicate) {
      packet.backend = inserted.found.control.backend();
      packet.slot = inserted.found.control.slot();
    }
    return outcome_of<Table>(inserted.outcome);
  });
}

bool take_flow(Worker& worker, Now now, const Packet& packet) noexcept {
  return with_flow_table(worker, packet, [&](auto& table, const auto& key) {
    using Table = std::decay_t<decltype(table)>;
    constexpr unsigned kAttempts = 8;  // each failed one means that another worker changed the entry
    for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
      if (auto found = table.find(key, packet.hash)) {
        if (Table::repoint(found, packet.slot, packet.backend, now.tick())) return true;
        continue;
      }
      const auto inserted = table.insert(key, packet.hash, packet.slot, packet.backend, now.tick());
      worker.counters.relocations.add(inserted.moves);
      if (inserted.outcome != Table::Outcome::kDuplicate)
        return inserted.outcome == Table::Outcome::kInserted;
    }
    return false;
  });
}

void leave_flow(Worker& worker, const IpAddress& client, uint16_t client_port, ListenerId listener,
                uint16_t vip_port, SlotIndex slot) noexcept {
  FlowTables& flows = worker.segment.flows();
  if (client.is_v4()) {
    const auto key = narrow_key(client, client_port, listener);
    if (flows.narrow.remove_all(key, flows.narrow.hash(key), slot) > 0) return;
  }
  const auto key = wide_key(client, client_port, listener, vip_port);
  flows.wide.remove_all(key, flows.wide.hash(key), slot);
}

}  // namespace lb
