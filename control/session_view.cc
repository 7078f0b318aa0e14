// SPDX-License-Identifier: MIT
#include "control/session_view.h"

namespace control {
namespace {

constexpr unsigned kTries = 8;

SessionView copy(const lb::Session& session, lb::SessionControl control) {
  SessionView view;
  view.control = control;
  view.moves = session.moves.load(std::memory_order_acquire);
  view.username = lb::Sessions::name_of(session).view();
  view.pool = session.pool.load(std::memory_order_acquire);
  view.opened_ms = session.opened_ms.load(std::memory_order_acquire);
  view.gap_ms = session.gap_ms.load(std::memory_order_acquire);
  view.longest_gap_ms = session.longest_gap_ms.load(std::memory_order_acquire);
  view.seen = session.seen.load(std::memory_order_acquire);
  for (unsigned i = 0; i < lb::kSessionTuples; ++i)
    if (const auto tuple = lb::Sessions::tuple(session, i))
      view.addresses.push_back({*tuple, i == control.current()});
  return view;
}

}  // namespace

const SessionView::Address* SessionView::current() const {
  for (const Address& address : addresses)
    if (address.current) return &address;
  return nullptr;
}

std::optional<SessionView> SessionView::of(const lb::Session& session) {
  for (unsigned i = 0; i < kTries; ++i) {
    const auto before = lb::Sessions::read(session);
    if (!before) return std::nullopt;
    SessionView view = copy(session, *before);
    // The control word alone would not show a move there and back.
    const auto after = lb::Sessions::read(session);
    if (after && after->raw() == before->raw() && !view.username.empty() &&
        session.moves.load(std::memory_order_acquire) == view.moves)
      return view;
  }
  return std::nullopt;
}

}  // namespace control
