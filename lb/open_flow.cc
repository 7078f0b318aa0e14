// SPDX-License-Identifier: MIT
#include "lb/open_flow.h"

#include "lb/affinity.h"
#include "lb/enter_flow.h"
#include "lb/peek_client.h"
#include "lb/pick.h"
#include "lb/splice.h"
#include "lb/srt_client.h"

namespace lb {
namespace {

// `source-ip`: the backend that this client has in the pool, picked now if it has none that takes new sessions.
template <typename Table>
std::optional<BackendId> client_backend(Worker& worker, const Snapshot& snapshot, Now now,
                                        const Packet& packet, uint64_t hash, Table& table,
                                        const typename Table::Key& key) {
  const uint64_t place = table.hash(key);
  auto found = table.find(key, place);
  if (found && snapshot.backends[found.control.backend()].takes_new) {
    table.refresh(found, now.tick());
    return found.control.backend();
  }
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

std::optional<BackendId> choose(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                                uint64_t hash) {
  const Service& service = *packet.service;
  if (packet.named != kNoBackendId) return packet.named;
  if (service.affinity != Affinity::kSourceIp) return pick(worker, snapshot, service.pool, hash);
  const ListenerId clients = snapshot.pools[service.pool].clients;
  FlowTables& flows = worker.segment.flows();
  return packet.v4 ? client_backend(worker, snapshot, now, packet, hash, flows.narrow,
                                    narrow_client_key(packet.src, clients))
                   : client_backend(worker, snapshot, now, packet, hash, flows.wide,
                                    wide_client_key(packet.src, clients));
}

void count_opened(Worker& worker, const Packet& packet) {
  worker.counters.services[packet.service->id].flows_opened.add(1);
  worker.counters.backends[packet.backend].flows_opened.add(1);
  if (packet.named != kNoBackendId) worker.counters.cid_moves.add(1);
}

void open_nat(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) {
  const auto claimed = claim_slot(worker, snapshot, now, packet);
  if (!claimed) return worker.drop(packet, verdict, DropReason::kLipPortsExhausted);
  NatSlot& slot = worker.segment.slots().at(*claimed);
  NatSlots::fill(slot, packet.backend, packet.listener, packet.src, packet.src_port, packet.dst_port,
                 now.tick());
  if (packet.service->proxy_protocol) begin_splice(slot);
  packet.slot = *claimed;
  const BackendId backend = packet.backend;
  const Entered entered = enter_flow(worker, now, packet);
  if (entered == Entered::kNew) [[likely]] {
    NatSlots::open(slot, now.tick());
    return count_opened(worker, packet);
  }
  worker.slots.unclaim(*claimed, snapshot.backends[backend].address.family(), packet.protocol);
  if (entered == Entered::kFull) worker.drop(packet, verdict, DropReason::kTableFull);
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

void open_flow(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
               uint64_t hash) noexcept {
  const Service& service = *packet.service;
  if (service.affinity == Affinity::kStream) return meet_client(worker, snapshot, now, packet, verdict);
  if (service.affinity == Affinity::kSrt) return meet_srt_client(worker, snapshot, now, packet, verdict);
  if (service.forward == Forward::kNat && packet.protocol == Protocol::kTcp && !is_first_syn(packet))
    return worker.drop(packet, verdict, DropReason::kNoFlow);
  const auto backend = choose(worker, snapshot, now, packet, hash);
  if (!backend) return worker.drop(packet, verdict, DropReason::kNoBackend);
  packet.backend = *backend;
  if (service.forward == Forward::kNat)
    open_nat(worker, snapshot, now, packet, verdict);
  else
    open_dsr(worker, snapshot, now, packet, verdict);
}

}  // namespace lb
