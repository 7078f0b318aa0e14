// SPDX-License-Identifier: MIT
#include "lb/open_flow.h"

#include "lb/affinity.h"
#include "lb/close_flow.h"
#include "lb/hash.h"
#include "lb/pick.h"

namespace lb {
namespace {

uint64_t tuple_hash(const Snapshot& snapshot, const Packet& packet) {
  const uint64_t ports = uint64_t{packet.src_port} | uint64_t{packet.dst_port} << 16 |
                         static_cast<uint64_t>(packet.protocol) << 32;
  return hash_address(packet.src, hash_address(packet.dst, ports, snapshot.pick_seed), snapshot.pick_seed);
}

// `source-ip`: the backend that this client has in the pool, picked now if it has none that takes new sessions.
template <typename Table>
std::optional<BackendId> client_backend(Worker& worker, const Snapshot& snapshot, Now now,
                                        const Packet& packet, Table& table, const typename Table::Key& key) {
  const uint64_t place = table.hash(key);
  auto found = table.find(key, place);
  if (found && snapshot.backends[found.control.backend()].takes_new) {
    table.refresh(found, now.tick());
    return found.control.backend();
  }
  const uint64_t hash = hash_address(client_network(packet.src), 0, snapshot.pick_seed);
  const auto picked = pick(worker, snapshot, packet.service->pool, hash);
  if (!picked) return std::nullopt;
  if (found) {
    table.repoint(found, kNoSlot, *picked, now.tick());
    return picked;
  }
  const auto inserted = table.insert(key, place, kNoSlot, *picked, now.tick());
  worker.counters.relocations.add(inserted.moves);
  return inserted.found ? inserted.found.control.backend() : *picked;
}

std::optional<BackendId> choose(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet) {
  const Service& service = *packet.service;
  if (packet.named != kNoBackendId) return packet.named;
  if (service.affinity != Affinity::kSourceIp)
    return pick(worker, snapshot, service.pool, tuple_hash(snapshot, packet));
  const ListenerId clients = snapshot.pools[service.pool].clients;
  FlowTables& flows = worker.segment.flows();
  return packet.v4 ? client_backend(worker, snapshot, now, packet, flows.narrow,
                                    narrow_client_key(packet.src, clients))
                   : client_backend(worker, snapshot, now, packet, flows.wide,
                                    wide_client_key(packet.src, clients));
}

// Enters the flow into its table. Takes over backend and slot of the entry that is there in the end.
template <typename Table>
typename Table::Outcome enter(Worker& worker, Now now, Packet& packet, Table& table,
                              const typename Table::Key& key) {
  const auto inserted = table.insert(key, packet.hash, packet.slot, packet.backend, now.tick());
  worker.counters.relocations.add(inserted.moves);
  // The client's next segment finishes the handshake: it shall be looked at, however soon it comes.
  if (inserted.outcome == Table::Outcome::kInserted && packet.protocol == Protocol::kTcp &&
      is_slot(packet.slot))
    table.refresh(inserted.found, static_cast<Tick>(now.tick() - kTouchTicks));
  if (inserted.outcome == Table::Outcome::kDuplicate) {
    packet.backend = inserted.found.control.backend();
    packet.slot = inserted.found.control.slot();
  }
  return inserted.outcome;
}

enum class Entered : uint8_t { kNew, kOther, kFull };

Entered enter_flow(Worker& worker, Now now, Packet& packet) {
  const ListenerId listener = packet.listener;
  FlowTables& flows = worker.segment.flows();
  const auto verdict = [](auto outcome) {
    using Outcome = decltype(outcome);
    if (outcome == Outcome::kFull) return Entered::kFull;
    return outcome == Outcome::kInserted ? Entered::kNew : Entered::kOther;
  };
  if (packet.service->wide)
    return verdict(enter(worker, now, packet, flows.wide,
                         wide_key(packet.src, packet.src_port, listener, packet.dst_port)));
  return verdict(enter(worker, now, packet, flows.narrow, narrow_key(packet.src, packet.src_port, listener)));
}

void count_opened(Worker& worker, const Packet& packet) {
  worker.counters.services[packet.service->id].flows_opened.add(1);
  worker.counters.backends[packet.backend].flows_opened.add(1);
  if (packet.named != kNoBackendId) worker.counters.cid_moves.add(1);
}

void open_nat(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) {
  const Family family = snapshot.backends[packet.backend].address.family();
  NatSlots& slots = worker.segment.slots();
  const auto claim = [&] {
    return worker.slots.claim(slots, family, packet.protocol, packet.backend, now.tick());
  };
  auto claimed = claim();
  if (!claimed && evict_embryonic(worker, snapshot, family, packet.protocol, now) > 0) claimed = claim();
  if (!claimed) return worker.drop(packet, verdict, DropReason::kLipPortsExhausted);
  NatSlot& slot = slots.at(*claimed);
  NatSlots::fill(slot, packet.backend, packet.listener, packet.src, packet.src_port, packet.dst_port,
                 now.tick());
  packet.slot = *claimed;
  switch (enter_flow(worker, now, packet)) {
    case Entered::kNew:
      NatSlots::open(slot, now.tick());
      count_opened(worker, packet);
      return;
    case Entered::kOther:
      worker.slots.unclaim(*claimed, family, packet.protocol);
      return;
    case Entered::kFull:
      worker.slots.unclaim(*claimed, family, packet.protocol);
      worker.drop(packet, verdict, DropReason::kTableFull);
      return;
  }
}

void open_dsr(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) {
  const bool over = (packet.tcp_flags & (tcp_flag::kFin | tcp_flag::kRst)) != 0;
  packet.slot = over ? kNoSlotClosing : kNoSlot;
  const bool repeatable = snapshot.pools[packet.service->pool].pick == PickMethod::kMaglev &&
                          packet.service->affinity == Affinity::kTuple;
  // Maglev gives the same answer for the client's first ACK: a flood of SYNs costs no state.
  if (repeatable && packet.protocol == Protocol::kTcp && is_first_syn(packet)) return;
  switch (enter_flow(worker, now, packet)) {
    case Entered::kNew:
      count_opened(worker, packet);
      return;
    case Entered::kOther:
      return;
    case Entered::kFull:
      if (!repeatable) worker.drop(packet, verdict, DropReason::kTableFull);
      return;
  }
}

}  // namespace

void open_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) noexcept {
  const Service& service = *packet.service;
  if (service.forward == Forward::kNat && packet.protocol == Protocol::kTcp && !is_first_syn(packet))
    return worker.drop(packet, verdict, DropReason::kNoFlow);
  const auto backend = choose(worker, snapshot, now, packet);
  if (!backend) return worker.drop(packet, verdict, DropReason::kNoBackend);
  packet.backend = *backend;
  if (service.forward == Forward::kNat)
    open_nat(worker, snapshot, now, packet, verdict);
  else
    open_dsr(worker, snapshot, now, packet, verdict);
}

}  // namespace lb
