// SPDX-License-Identifier: MIT
#include "lb/session_reply.h"

#include "lb/attach.h"
#include "lb/first_byte.h"
#include "lb/stun.h"
#include "lb/udp_payload.h"

namespace lb {
namespace {

// The servers of this service take a check only from who knows the password, and they took this one.
void prove_by_answer(Worker& worker, Now now, SessionFound& found, unsigned index, TupleControl asker) {
  Session& session = worker.segment.sessions().sessions.at(found.index);
  SessionTuple& tuple = session.tuples[index];
  TupleControl control = asker;
  while (!Sessions::change_tuple(tuple, control, control.proven()))
    if (!control.same_use(asker)) return;
  if (!control.nominated() || index == found.control.current()) return;
  if (move_to(worker, now, found, index)) worker.counters.ice.moves_proven.add(1);
}

}  // namespace

void direct_reply(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                  const NatSlot& slot, SlotView& view) noexcept {
  const auto payload = udp_payload(packet);
  if (payload_kind(payload) != PayloadKind::kStun) return;
  const StunParsed answer = parse_stun(payload);
  if (!answer || !(answer->is_binding(StunClass::kSuccess) || answer->is_binding(StunClass::kError))) return;
  const Sessions& sessions = worker.segment.sessions().sessions;
  const uint32_t number = session_of(slot);
  if (number == 0 || number > sessions.count()) return;
  SessionFound found{number - 1, {}};
  Session& session = sessions.at(found.index);
  const auto control = Sessions::read(session);
  if (!control) return;
  found.control = *control;
  const uint64_t word = stun_transaction_word(answer->transaction());
  for (unsigned i = 0; i < kSessionTuples; ++i) {
    if (session.tuples[i].pending.load(std::memory_order_relaxed) != word) continue;
    const auto asker = Sessions::tuple(session, i);
    if (!asker) return;
    view.client = asker->address;
    view.client_port = asker->control.port();
    view.listener = asker->control.listener();
    const Listener& listener = snapshot.listener(asker->control.listener());
    if (listener.servers_check_integrity && answer->is_binding(StunClass::kSuccess))
      prove_by_answer(worker, now, found, i, asker->control);
    return;
  }
}

}  // namespace lb
