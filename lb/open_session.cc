// SPDX-License-Identifier: MIT
#include "lb/open_session.h"

#include "lb/ask_owner.h"
#include "lb/enter_flow.h"
#include "lb/hash.h"
#include "lb/ice_affinity.h"
#include "lb/open_flow.h"
#include "lb/pick.h"
#include "lb/stun.h"
#include "lb/udp_payload.h"

namespace lb {
namespace {

struct Choice {
  BackendId backend;
  Rung rung;
};

std::optional<Choice> climb(Worker& worker, const Snapshot& snapshot, const Packet& packet,
                            std::string_view server_ufrag, bool may_be_session) {
  const Service& service = *packet.service;
  if (service.ice.ufrag)
    if (const BackendId named = snapshot.pools[service.pool].ufrags.route(server_ufrag);
        named != kNoBackendId)
      return Choice{named, Rung::kUfrag};
  const Pool& pool = snapshot.pools[service.pool];
  if (service.ice.ask && may_be_session && can_ask(snapshot, packet))
    return Choice{pool.members[0], Rung::kAsked};
  if (pool.table.empty()) return std::nullopt;
  // By hash whatever the pool's way of picking: all clients of one server ufrag must meet.
  if (service.ice.hash) {
    const uint64_t hash = hash_text(server_ufrag, snapshot.pick_seed);
    return Choice{pool.table[reduce(hash, static_cast<uint32_t>(pool.table.size()))], Rung::kHash};
  }
  const auto picked = pick(worker, snapshot, service.pool, tuple_hash(snapshot, packet));
  if (!picked) return std::nullopt;
  return Choice{*picked, Rung::kTuple};
}

// Gives a session that was learned what it needs to carry a client.
class Opening {
 public:
  Opening(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, const SessionFound& found)
      : worker_(worker),
        snapshot_(snapshot),
        now_(now),
        packet_(packet),
        found_(found),
        session_(worker.segment.sessions().sessions.at(found.index)) {}

  enum class Outcome : uint8_t { kOpen, kOther, kNoSlot, kTableFull };

  // kOther: another worker opens it just now.
  Outcome run(const StunMessage& message) {
    packet_.backend = found_.control.backend();
    packet_.slot = kNoSlot;
    if (packet_.service->forward == Forward::kNat) {
      const auto claimed = claim_slot(worker_, snapshot_, now_, packet_);
      if (!claimed) return Outcome::kNoSlot;
      packet_.slot = *claimed;
      NatSlots::fill(slot(), packet_.backend, packet_.listener, packet_.src, packet_.src_port,
                     packet_.dst_port, now_.tick());
      slot().session_or_acknowledged.store(found_.index + 1, std::memory_order_release);
      if (!change([this](SessionControl c) { return c.with_slot(packet_.slot); }))
        return give_back(Outcome::kOther);
      put_first_tuple(message);
    }
    if (!take_flow(worker_, now_, packet_)) {
      change([](SessionControl c) { return c.with_slot(kNoSlot); });
      return give_back(Outcome::kTableFull);
    }
    if (!is_slot(packet_.slot)) return Outcome::kOpen;
    if (found_.control.rung() != Rung::kAsked) {
      NatSlots::open(slot(), now_.tick());
    } else {
      NatSlots::open(slot(), now_.tick(), SlotState::kProbing);
      ask_others(worker_, snapshot_, now_, packet_, session_);
    }
    return Outcome::kOpen;
  }

 private:
  // False if the session is gone, or has got a slot that is not ours.
  template <typename To>
  bool change(To&& to) {
    const SessionControl mine = found_.control;
    while (!Sessions::change(session_, found_.control, to(found_.control)))
      if (!found_.control.same_use(mine) || found_.control.slot() != mine.slot()) return false;
    return true;
  }

  void put_first_tuple(const StunMessage& message) {
    std::optional<TupleAddress> nobody;
    const bool proven = found_.control.key(KeyOf::kServer) == KeyState::kThere;
    const TupleFound first = Sessions::add_tuple(
        session_, found_.control.current(), packet_.src, packet_.src_port, packet_.listener,
        proven ? TupleState::kProven : TupleState::kUnproven, message.use_candidate(), now_.tick(), nobody);
    if (!first) return;
    session_.tuples[first.index].pending.store(stun_transaction_word(message.transaction()),
                                               std::memory_order_relaxed);
    change([&](SessionControl c) { return c.with_current(first.index); });
  }

  Outcome give_back(Outcome outcome) {
    if (is_slot(packet_.slot))
      worker_.slots.unclaim(packet_.slot, snapshot_.backends[packet_.backend].address.family(),
                            packet_.protocol);
    return outcome;
  }

  NatSlot& slot() { return worker_.segment.slots().at(packet_.slot); }

  Worker& worker_;
  const Snapshot& snapshot_;
  const Now now_;
  Packet& packet_;
  SessionFound found_;
  Session& session_;
};

void open(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
          const StunMessage& message, const SessionFound& found, bool fresh) {
  using Outcome = Opening::Outcome;
  const Outcome outcome = Opening(worker, snapshot, now, packet, found).run(message);
  if (outcome == Outcome::kOpen) {
    worker.counters.services[packet.service->id].flows_opened.add(1);
    worker.counters.backends[packet.backend].flows_opened.add(1);
    if (is_slot(packet.slot)) worker.unanswered.push(worker, snapshot, now, packet.slot);
    if (found.control.rung() != Rung::kAsked)  // which is counted when the owner answers
      worker.counters.ice.sessions[static_cast<unsigned>(found.control.rung())].add(1);
    packet.hit = true;
    return;
  }
  if (fresh && outcome != Outcome::kOther) worker.segment.sessions().forget(found.index, found.control);
  const DropReason reason = outcome == Outcome::kNoSlot      ? DropReason::kLipPortsExhausted
                            : outcome == Outcome::kTableFull ? DropReason::kTableFull
                                                             : DropReason::kNoSession;
  worker.drop(packet, verdict, reason);
}

// Too long for a session: by the server's ufrag, and then by its tuple.
void open_without_session(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
                          BackendId backend) {
  packet.named = backend;
  open_flow(worker, snapshot, now, packet, verdict, pick_hash(snapshot, packet));
}

}  // namespace

void open_session(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                  Verdict& verdict) noexcept {
  const StunParsed message = parse_stun(udp_payload(packet));
  const std::string_view name = *message->username();
  const ListenerId pool = snapshot.pools[packet.service->pool].clients;
  SessionTables& tables = worker.segment.sessions();
  if (const auto known = tables.find(pool, name)) {
    const auto key = Sessions::key(tables.sessions.at(known->index), known->control, KeyOf::kServer);
    if (key && !message->integrity_ok(*key)) return worker.drop(packet, verdict, DropReason::kStunIntegrity);
    return open(worker, snapshot, now, packet, verdict, *message, *known, false);
  }
  if (!message->fingerprint_ok()) return worker.drop(packet, verdict, DropReason::kBadStun);
  const auto choice =
      climb(worker, snapshot, packet, message->ufrags()->server, name.size() <= kMaxSessionName);
  if (!choice) return worker.drop(packet, verdict, DropReason::kNoBackend);
  if (choice->rung == Rung::kAsked && !may_ask(worker, now, packet, name)) {
    worker.counters.ice.asks_refused.add(1);
    return worker.drop(packet, verdict, DropReason::kNoSession);
  }
  if (name.size() > kMaxSessionName)
    return open_without_session(worker, snapshot, now, packet, verdict, choice->backend);
  const auto learned = tables.learn(worker.free_session, pool, name, choice->backend, choice->rung, now);
  if (!learned)  // the client sends its check again, and then finds the one that another worker opened just now
    return worker.drop(packet, verdict,
                       tables.find(pool, name) ? DropReason::kNoSession : DropReason::kSessionTableFull);
  open(worker, snapshot, now, packet, verdict, *message, *learned, true);
}

void close_session(Worker& worker, SessionIndex index, SlotIndex slot, uint16_t vip_port) noexcept {
  SessionTables& tables = worker.segment.sessions();
  if (index >= tables.sessions.count()) return;
  const Session& session = tables.sessions.at(index);
  auto control = Sessions::read(session);
  if (!control || control->slot() != slot) return;
  std::array<std::optional<TupleAddress>, kSessionTuples> tuples;
  for (unsigned i = 0; i < kSessionTuples; ++i) tuples[i] = Sessions::tuple(session, i);
  const SessionControl mine = *control;
  while (control && !tables.forget(index, *control)) {
    control = Sessions::read(session);
    if (control && !control->same_use(mine)) return;
  }
  for (const auto& tuple : tuples)
    if (tuple)
      leave_flow(worker, tuple->address, tuple->control.port(), tuple->control.listener(), vip_port, slot);
}

}  // namespace lb
