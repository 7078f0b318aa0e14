// SPDX-License-Identifier: MIT
#include "lb/mend.h"

#include "lb/mend_sessions.h"
#include "lb/seam.h"
#include "lb/splice.h"
#include "lb/srt_sockets.h"

namespace lb {
namespace {

bool known(const IdentityTable& table, uint32_t id, IdentityKind kind) {
  return id < table.size() && table.at(static_cast<uint16_t>(id)).kind == kind;
}

// The table and key of the flow on a slot.
template <typename Use>
auto with_key(Segment& segment, const SlotView& view, Use&& use) {
  const Identity& listener = segment.listeners().at(view.control.listener());
  if (listener.port != 0 && view.client.is_v4())
    return use(segment.flows().narrow, narrow_key(view.client, view.client_port, view.control.listener()));
  return use(segment.flows().wide,
             wide_key(view.client, view.client_port, view.control.listener(), view.vip_port));
}

// Calls visit(slot index) for each slot of each LIP that was ever configured.
template <typename Visit>
void for_each_slot(Segment& segment, Visit&& visit) {
  for (uint32_t lip = 0; lip < segment.geometry().lips; ++lip) {
    if (!known(segment.lips(), lip, IdentityKind::kLip)) continue;
    for (uint32_t i = 0; i < kSlotsPerLip; ++i) visit(static_cast<SlotIndex>(lip * kSlotsPerLip + i));
  }
}

class Mender {
 public:
  Mender(Segment& segment, Now now) : segment_(segment), now_(now) {}

  MendReport run() {
    report_.entries_removed += segment_.flows().narrow.clear_busy() + segment_.flows().wide.clear_busy();
    for (size_t id = 0; id < segment_.listeners().size(); ++id)
      segment_.listeners().set_has_spliced(static_cast<uint16_t>(id), false);
    for_each_slot(segment_, [this](SlotIndex slot) { check_slot(slot); });
    report_.sessions = mend_sessions(segment_, now_);
    segment_.streams().mend();
    check_entries(segment_.flows().narrow);
    check_entries(segment_.flows().wide);
    for_each_slot(segment_, [this](SlotIndex slot) { restore_entry(slot); });
    return report_;
  }

 private:
  // Slots whose words make no sense become free.
  void check_slot(SlotIndex index) {
    NatSlot& slot = segment_.slots().at(index);
    const SlotControl control(slot.control.load());
    if (control.state() == SlotState::kFree || control.state() == SlotState::kQuarantine) return;
    const bool tcp = NatSlots::protocol_of(index) == Protocol::kTcp;
    const bool joined = tcp && is_joined(control);
    const bool workable =
        (control.state() == SlotState::kEmbryonic || control.state() == SlotState::kLive || joined) &&
        known(segment_.backends(), control.backend(), IdentityKind::kBackend) &&
        known(segment_.listeners(), control.listener(), IdentityKind::kListener) &&
        segment_.listeners().at(control.listener()).protocol == NatSlots::protocol_of(index);
    if (workable) {
      slot.control.store(control.without_turn().raw());
      // What Cleat had on the way is lost with the process; what either side has on the way goes on.
      if (joined) end_settling(slot);
      if (joined || (tcp && is_spliced(slot))) segment_.listeners().set_has_spliced(control.listener(), true);
      return;
    }
    slot.control.store(0);
    ++report_.slots_released;
  }

  template <typename Table>
  void check_entries(Table& table) {
    for (uint64_t bucket = 0; bucket < table.buckets(); ++bucket) {
      table.visit(bucket, [&](const typename Table::Key& key, const typename Table::Found& found) {
        const auto first = table.find(key, table.hash(key));
        if (first.place == found.place && belongs(key, found.control)) {
          ++report_.flows;
          return;
        }
        if (Table::remove(found)) ++report_.entries_removed;
      });
    }
  }

  template <typename Key>
  bool belongs(const Key& key, FlowControl control) {
    const ListenerId listener = listener_of(key);
    if (!known(segment_.backends(), control.backend(), IdentityKind::kBackend)) return false;
    if (known(segment_.listeners(), listener, IdentityKind::kPoolClients))
      return !is_slot(control.slot()) || is_socket(key, control);
    if (!known(segment_.listeners(), listener, IdentityKind::kListener)) return false;
    if (!is_slot(control.slot())) return true;
    if (control.slot() >= segment_.slots().size()) return false;
    const auto view = NatSlots::read(segment_.slots().at(control.slot()));
    if (!view || view->control.backend() != control.backend()) return false;
    if (const uint32_t number = session_of(segment_.slots().at(control.slot())); number != 0)
      return static_cast<bool>(segment_.sessions().tuple_on(control.slot(), number - 1, client_of(key),
                                                            client_port_of(key), listener));
    if (view->control.listener() != listener) return false;
    return with_key(segment_, *view, [&](auto&, const auto& slot_key) {
      if constexpr (std::is_same_v<std::decay_t<decltype(slot_key)>, Key>)
        return slot_key == key;
      else
        return false;
    });
  }

  // Under a pool's `clients` id, of an SRT connection.
  bool is_socket(const NarrowTable::Key& key, FlowControl control) {
    return is_socket_key(key) && srt_slot_of(segment_.slots(), control, socket_of(key));
  }
  bool is_socket(const WideTable::Key&, FlowControl) { return false; }

  // False if the entry is another flow's, or there is no room.
  bool restore(SlotIndex index, const SlotView& view) {
    return with_key(segment_, view, [&](auto& table, const auto& key) {
      const uint64_t hash = table.hash(key);
      if (const auto found = table.find(key, hash)) return found.control.slot() == index;
      const auto inserted = table.insert(key, hash, index, view.control.backend(), now_.tick());
      if (!inserted.found) return false;
      ++report_.entries_restored;
      ++report_.flows;
      return true;
    });
  }

  // Every address of the session on the slot. False if there is none.
  bool restore_session(SlotIndex index, SlotView view, SessionIndex number) {
    const Sessions& sessions = segment_.sessions().sessions;
    if (number >= sessions.count()) return false;
    const Session& session = sessions.at(number);
    const auto control = Sessions::read(session);
    if (!control || control->slot() != index) return false;
    bool any = false;
    for (unsigned i = 0; i < kSessionTuples; ++i) {
      const auto tuple = Sessions::tuple(session, i);
      if (!tuple) continue;
      view.client = tuple->address;
      view.client_port = tuple->control.port();
      any |= restore(index, view);
    }
    return any;
  }

  void restore_entry(SlotIndex index) {
    NatSlot& slot = segment_.slots().at(index);
    const auto view = NatSlots::read(slot);
    if (!view) return;
    const uint32_t session = session_of(slot);
    if (session != 0 ? restore_session(index, *view, session - 1) : restore(index, *view)) {
      ++report_.slots;
      return;
    }
    // How its flow ended is not known: it rests as long as the worst case asks.
    const bool tcp = NatSlots::protocol_of(index) == Protocol::kTcp;
    const Quarantine cause = session != 0 ? Quarantine::kIce
                             : tcp        ? Quarantine::kTimeWait
                                          : Quarantine::kIdle;
    slot.control.store(view->control.in_state(SlotState::kQuarantine, cause, now_.tick()).raw());
    ++report_.slots_released;
  }

  Segment& segment_;
  Now now_;
  MendReport report_;
};

}  // namespace

namespace {

// A session is counted once, at its current address.
template <typename Key>
bool is_second_address(Segment& segment, const Key& key, SlotIndex index) {
  if (!is_slot(index)) return false;
  const NatSlot& slot = segment.slots().at(index);
  const auto view = NatSlots::read(slot);
  return view && session_of(slot) != 0 &&
         (view->client != client_of(key) || view->client_port != client_port_of(key));
}

}  // namespace

MendReport mend(Segment& segment, Now now) { return Mender(segment, now).run(); }

void recount(Segment& segment, const Snapshot& snapshot, WorkerCounters& counters) {
  const auto count = [&](auto& table) {
    for (uint64_t bucket = 0; bucket < table.buckets(); ++bucket) {
      table.visit(bucket, [&](const auto& key, const auto& found) {
        const ListenerId listener = listener_of(key);
        if (listener >= snapshot.listeners.size() || snapshot.listeners[listener].clients) return;
        if (is_second_address(segment, key, found.control.slot())) return;
        counters.backends[found.control.backend()].flows_opened.add(1);
        counters.services[snapshot.listeners[listener].service].flows_opened.add(1);
      });
    }
  };
  count(segment.flows().narrow);
  count(segment.flows().wide);
}

}  // namespace lb
