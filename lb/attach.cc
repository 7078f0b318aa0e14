// SPDX-License-Identifier: MIT
#include "lb/attach.h"

#include "lb/enter_flow.h"

namespace lb {

TupleFound attach(Worker& worker, Now now, Packet& packet, SessionFound& found, TupleState state,
                  bool nominated) noexcept {
  Session& session = worker.segment.sessions().sessions.at(found.index);
  packet.slot = found.control.slot();
  packet.backend = found.control.backend();
  if (!take_flow(worker, now, packet)) return {};
  std::optional<TupleAddress> evicted;
  const TupleFound added = Sessions::add_tuple(session, found.control.current(), packet.src, packet.src_port,
                                               packet.listener, state, nominated, now.tick(), evicted);
  if (evicted)
    leave_flow(worker, evicted->address, evicted->control.port(), evicted->control.listener(),
               packet.dst_port, packet.slot);
  if (added) worker.counters.ice.attached.add(1);
  return added;
}

uint16_t silence_of_current(const Session& session, SessionControl control, Tick now) noexcept {
  const auto current = Sessions::tuple(session, control.current());
  return current ? ticks_since(now, current->control.tick()) : kNobody;
}

bool move_to(Worker& worker, Now now, SessionFound& found, unsigned index) noexcept {
  Session& session = worker.segment.sessions().sessions.at(found.index);
  const auto to = Sessions::tuple(session, index);
  NatSlot& slot = worker.segment.slots().at(found.control.slot());
  const auto view = NatSlots::read(slot);
  if (!to || !view || session_of(slot) != found.index + 1) return false;
  const uint16_t silence = silence_of_current(session, found.control, now.tick());
  if (!NatSlots::turn(slot, view->control, to->address, to->control.port(), to->control.listener()))
    return false;
  const SessionControl mine = found.control;
  while (!Sessions::change(session, found.control, found.control.with_current(index)))
    if (!found.control.same_use(mine)) return false;
  const uint32_t gap_ms = silence == kNobody ? 0 : silence * kTickMs;
  session.changed_ms.store(static_cast<uint32_t>(now.ms), std::memory_order_relaxed);
  session.moves.fetch_add(1, std::memory_order_relaxed);
  session.gap_ms.store(gap_ms, std::memory_order_relaxed);
  if (gap_ms > session.longest_gap_ms.load(std::memory_order_relaxed))
    session.longest_gap_ms.store(gap_ms, std::memory_order_relaxed);
  worker.counters.ice.gap(gap_ms);
  return true;
}

}  // namespace lb
