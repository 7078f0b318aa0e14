// SPDX-License-Identifier: MIT
#include "lb/sweep_sessions.h"

#include "lb/enter_flow.h"
#include "lb/open_session.h"

namespace lb {
namespace {

// A client asks within seconds of its answer, and then at least every 6 s (RFC 7675 section 5.1).
constexpr uint16_t kUnheardTicks = ticks_of_s(60);
// Longer than any opening lasts.
constexpr uint16_t kOpeningTicks = ticks_of_s(4);

// An address that only ever was another way of a client who is elsewhere. Consent checks keep the ways that are in use.
constexpr uint16_t kForsakenTicks = ticks_of_s(60);

void leave_forsaken(Worker& worker, Now now, Session& session, SessionControl control, uint16_t vip_port) {
  for (unsigned i = 0; i < kSessionTuples; ++i) {
    const auto tuple = Sessions::tuple(session, i);
    if (!tuple || i == control.current() || ticks_since(now.tick(), tuple->control.tick()) <= kForsakenTicks)
      continue;
    if (Sessions::remove_tuple(session.tuples[i], tuple->control))
      leave_flow(worker, tuple->address, tuple->control.port(), tuple->control.listener(), vip_port,
                 control.slot());
  }
}

}  // namespace

void sweep_session(Worker& worker, Now now, SessionIndex index) noexcept {
  SessionTables& tables = worker.segment.sessions();
  Session& session = tables.sessions.at(index);
  const auto control = Sessions::read(session);
  if (!control) return;
  const uint16_t unheard = ticks_since(now.tick(), session.seen.load(std::memory_order_relaxed));
  if (!is_slot(control->slot())) {
    if (unheard > kUnheardTicks) tables.forget(index, *control);
    return;
  }
  const NatSlot& slot = worker.segment.slots().at(control->slot());
  const auto view = NatSlots::read(slot);
  if (view && session_of(slot) == index + 1)
    return leave_forsaken(worker, now, session, *control, view->vip_port);
  if (unheard <= kOpeningTicks) return;
  close_session(worker, index, control->slot(), view ? view->vip_port : uint16_t{0});
}

}  // namespace lb
