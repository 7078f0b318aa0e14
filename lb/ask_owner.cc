// SPDX-License-Identifier: MIT
#include "lb/ask_owner.h"

#include <algorithm>

#include "lb/emit.h"
#include "lb/hash.h"
#include "lb/stun.h"
#include "lb/udp_payload.h"

namespace lb {
namespace {

constexpr size_t kMostAsked = 32;

constexpr uint32_t kFirstIntervalMs = 100;
constexpr size_t kLongestAsked =
    256;  // bytes; a browser's checks have 100 to 200, and each goes to all servers

// Leads the flows of the session's addresses to the backend that owns it.
template <typename Table>
void repoint(Table& table, const typename Table::Key& key, SlotIndex slot, BackendId backend, Tick now) {
  constexpr unsigned kAttempts = 8;
  auto found = table.find(key, table.hash(key));
  for (unsigned attempt = 0; found && found.control.slot() == slot && attempt < kAttempts; ++attempt) {
    if (Table::repoint(found, slot, backend, now)) return;
    found = table.find(key, table.hash(key));
  }
}

void repoint_flows(Worker& worker, const Session& session, SlotIndex slot, uint16_t vip_port,
                   BackendId backend, Tick now) {
  FlowTables& flows = worker.segment.flows();
  for (unsigned i = 0; i < kSessionTuples; ++i) {
    const auto tuple = Sessions::tuple(session, i);
    if (!tuple) continue;
    const TupleControl control = tuple->control;
    if (tuple->address.is_v4())
      repoint(flows.narrow, narrow_key(tuple->address, control.port(), control.listener()), slot, backend,
              now);
    repoint(flows.wide, wide_key(tuple->address, control.port(), control.listener(), vip_port), slot, backend,
            now);
  }
}

bool answers(const Session& session, const StunMessage& message) {
  const uint64_t word = stun_transaction_word(message.transaction());
  return std::any_of(session.tuples.begin(), session.tuples.end(), [word](const SessionTuple& tuple) {
    return tuple.pending.load(std::memory_order_relaxed) == word;
  });
}

std::optional<BackendId> member_at(const Snapshot& snapshot, uint16_t pool, const Packet& packet,
                                   uint16_t vip_port) {
  for (const BackendId id : snapshot.pools[pool].members) {
    const Backend& backend = snapshot.backends[id];
    if (backend.address == packet.src && packet.src_port == (backend.port != 0 ? backend.port : vip_port))
      return id;
  }
  return std::nullopt;
}

}  // namespace

bool can_ask(const Snapshot& snapshot, const Packet& packet) noexcept {
  const size_t servers = snapshot.pools[packet.service->pool].members.size();
  return packet.service->forward == Forward::kNat && servers > 1 && servers <= kMostAsked &&
         udp_payload(packet).size() <= kLongestAsked;
}

bool may_ask(Worker& worker, Now now, const Packet& packet, std::string_view name) noexcept {
  return worker.asks.may_ask(now, packet.src, hash_text(name, worker.segment.sessions().seed));
}

void ask_others(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                Session& session) noexcept {
  const auto opened_ms = static_cast<uint32_t>(session.opened_ms.load(std::memory_order_relaxed));
  const uint32_t asked_ms = session.changed_ms.load(std::memory_order_relaxed);
  const auto now_ms = static_cast<uint32_t>(now.ms);
  if (asked_ms != 0 && now_ms - asked_ms < std::max(kFirstIntervalMs, asked_ms - opened_ms)) return;
  session.changed_ms.store(now_ms, std::memory_order_relaxed);
  const Endpoint from{snapshot.lips[NatSlots::lip_of(packet.slot)], NatSlots::port_of(packet.slot)};
  for (const BackendId id : snapshot.pools[packet.service->pool].members) {
    if (id == packet.backend) continue;
    const Backend& backend = snapshot.backends[id];
    if (backend.address.is_v4() != from.address.is_v4()) continue;
    const uint16_t port = backend.port != 0 ? backend.port : packet.dst_port;
    if (emit_udp(worker, snapshot, now, from, {backend.address, port}, udp_payload(packet)))
      worker.counters.ice.asked.add(1);
  }
}

bool take_owner(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, NatSlot& slot,
                SlotView& view) noexcept {
  const StunParsed message = parse_stun(udp_payload(packet));
  const Listener& listener = snapshot.listener(view.control.listener());
  SessionTables& tables = worker.segment.sessions();
  const uint32_t number = session_of(slot);
  if (!message || !message->is_binding(StunClass::kSuccess) || number == 0 ||
      number > tables.sessions.count() || listener.pool >= snapshot.pools.size())
    return false;
  Session& session = tables.sessions.at(number - 1);
  const auto owner = member_at(snapshot, listener.pool, packet, view.vip_port);
  auto control = Sessions::read(session);
  if (!owner || !control || control->slot() != packet.slot || !answers(session, *message)) return false;
  const BackendId asked_first = view.control.backend();
  if (!NatSlots::pin(slot, view.control, *owner, now.tick())) return false;
  const SessionControl mine = *control;
  while (!Sessions::change(session, *control, control->with_backend(*owner)))
    if (!control->same_use(mine)) return false;
  repoint_flows(worker, session, packet.slot, view.vip_port, *owner, now.tick());
  worker.counters.ice.sessions[static_cast<unsigned>(Rung::kAsked)].add(1);
  worker.counters.backends[asked_first].flows_closed.add(1);
  worker.counters.backends[*owner].flows_opened.add(1);
  return true;
}

}  // namespace lb
