// SPDX-License-Identifier: MIT
#include "lb/mend_sessions.h"

#include <algorithm>

namespace lb {
namespace {

class Mender {
 public:
  Mender(Segment& segment, Now now) : segment_(segment), tables_(segment.sessions()), now_(now) {}

  uint64_t run() {
    tables_.names.clear_busy();
    tables_.ssrcs.clear_busy();
    for (SessionIndex i = 0; i < tables_.sessions.count(); ++i) check(i);
    remove_strays(tables_.names, [this](const auto& key, SessionIndex i) {
      const Session& session = tables_.sessions.at(i);
      return key == tables_.name_key(session.pool.load(), Sessions::name_of(session).view());
    });
    remove_strays(tables_.ssrcs, [this](const auto& key, SessionIndex i) {
      const Session& session = tables_.sessions.at(i);
      return std::any_of(session.ssrcs.begin(), session.ssrcs.end(), [&](const auto& ssrc) {
        const auto number = static_cast<uint32_t>(ssrc.load());
        return number != 0 && key == SessionTables::ssrc_key(session.pool.load(), number);
      });
    });
    for (SessionIndex i = 0; i < tables_.sessions.count(); ++i) restore_entries(i);
    return open_;
  }

 private:
  void check(SessionIndex index) {
    Session& session = tables_.sessions.at(index);
    SessionControl control(session.control.load());
    if (control.state() == SessionState::kFree) return;
    if (!control.is_open() || !is_whole(session, control) || !has_slot(index, control)) {
      session.control.store(control.with(SessionState::kFree).raw());
      return;
    }
    for (const KeyOf whose : {KeyOf::kServer, KeyOf::kClient})
      if (control.key(whose) == KeyState::kWriting) control = control.with_key(whose, KeyState::kNone);
    session.control.store(control.raw());
    for (SessionTuple& tuple : session.tuples)
      if (TupleControl(tuple.control.load()).state() == TupleState::kBusy) tuple.control.store(0);
    ++open_;
  }

  bool is_whole(const Session& session, SessionControl control) const {
    const uint64_t length = session.name_length.load();
    return length >= 1 && length <= kMaxSessionName && control.backend() < segment_.backends().size() &&
           segment_.backends().at(control.backend()).kind == IdentityKind::kBackend;
  }

  bool has_slot(SessionIndex index, SessionControl control) const {
    if (!is_slot(control.slot())) return true;
    if (control.slot() >= segment_.slots().size()) return false;
    const NatSlot& slot = segment_.slots().at(control.slot());
    const auto view = NatSlots::read(slot);
    return view && session_of(slot) == index + 1 && view->control.backend() == control.backend();
  }

  // Entries whose session is not open, or does not have that name or SSRC.
  template <typename Table, typename Belongs>
  void remove_strays(Table& table, Belongs&& belongs) {
    for (uint64_t bucket = 0; bucket < table.buckets(); ++bucket)
      table.visit(bucket, [&](const typename Table::Key& key, const typename Table::Found& found) {
        const SessionIndex index = found.control.slot();
        if (index >= tables_.sessions.count() || !Sessions::read(tables_.sessions.at(index)) ||
            !belongs(key, index))
          Table::remove(found);
      });
  }

  template <typename Table>
  void restore(Table& table, const typename Table::Key& key, SessionIndex index, SessionControl control) {
    const uint64_t hash = table.hash(key);
    if (!table.find(key, hash)) (void)table.insert(key, hash, index, control.backend(), now_.tick());
  }

  void restore_entries(SessionIndex index) {
    const Session& session = tables_.sessions.at(index);
    const auto control = Sessions::read(session);
    if (!control) return;
    const ListenerId pool = session.pool.load();
    restore(tables_.names, tables_.name_key(pool, Sessions::name_of(session).view()), index, *control);
    for (const auto& note : session.ssrcs)
      if (const auto ssrc = static_cast<uint32_t>(note.load()); ssrc != 0)
        restore(tables_.ssrcs, SessionTables::ssrc_key(pool, ssrc), index, *control);
  }

  Segment& segment_;
  SessionTables& tables_;
  const Now now_;
  uint64_t open_ = 0;
};

}  // namespace

uint64_t mend_sessions(Segment& segment, Now now) { return Mender(segment, now).run(); }

}  // namespace lb
