// SPDX-License-Identifier: MIT
#include "tests/fuzz/ice_watch.h"

#include "tests/fuzz/target.h"

namespace fuzz {

using namespace lb;

namespace {

constexpr size_t kAmplification = 3;

bool is_probing(const NatSlot& slot) {
  return SlotControl(slot.control.load()).state() == SlotState::kProbing;
}

}  // namespace

IceWatch::IceWatch(test::Rig& rig) : rig_(rig), seen_(rig.segment().sessions().sessions.count()) {}

SlotIndex IceWatch::slot_of(const Endpoint& lip) const {
  const LocalAddress* local = rig_.snapshot().addresses.find(lip.address);
  require(local != nullptr && local->lip != LocalAddress::kNone, "what goes to a server comes from a LIP");
  return NatSlots::index(local->lip, Protocol::kUdp, lip.port);
}

void IceWatch::client_said(const Endpoint& client, size_t bytes, const test::Outcome& out) {
  Path& path = paths_[client];
  if (rig_.now().ms >= path.seen_ms + Roamers::kForgetMs) path = {};
  path.seen_ms = rig_.now().ms;
  path.in += bytes;
  if (out.action != Action::kTx) return;
  const auto sent = out.fields();
  const NatSlot& slot = rig_.segment().slots().at(slot_of(sent.source));
  const auto view = NatSlots::read(slot);
  require(view.has_value(), "a client's packet leaves by a slot in use");
  require(rig_.snapshot().backends[view->control.backend()].address == sent.destination.address,
          "it goes to the slot's server");
}

void IceWatch::server_said(const Endpoint& lip, const test::Outcome& out) {
  if (out.action != Action::kTx) return;
  const Endpoint client = out.fields().destination;
  require(paths_.count(client) == 1, "a reply goes to somebody who spoke");
  const NatSlot& slot = rig_.segment().slots().at(slot_of(lip));
  const auto view = NatSlots::read(slot);
  require(view.has_value(), "a reply comes by a slot in use");
  if (view->client == client.address && view->client_port == client.port) return;
  require(session_of(slot) != 0, "a flow without a session has one client");
  const Session& session = rig_.segment().sessions().sessions.at(session_of(slot) - 1);
  bool attached = false;
  for (unsigned i = 0; i < kSessionTuples; ++i) {
    const auto tuple = Sessions::tuple(session, i);
    attached |= tuple && tuple->address == client.address && tuple->control.port() == client.port;
  }
  require(attached, "a reply goes to an address of the session");
}

void IceWatch::cleat_said(const Endpoint& to, size_t bytes) {
  require(paths_.count(to) == 1, "Cleat speaks to nobody who did not");
  Path& path = paths_[to];
  path.out += bytes;
  require(path.answered || path.out <= kAmplification * path.in,
          "an address that proved nothing gets three times what came from it at most");
}

void IceWatch::require_sessions_hold() {
  const Sessions& sessions = rig_.segment().sessions().sessions;
  for (SessionIndex i = 0; i < sessions.count(); ++i) {
    const auto control = Sessions::read(sessions.at(i));
    if (!control) {
      seen_[i] = {};
      continue;
    }
    Seen& before = seen_[i];
    if (before.control.same_use(*control) && before.control.slot() == control->slot() && !before.probing)
      require(before.control.backend() == control->backend(), "a live session never changes its server");
    before = {*control, false};
    if (!is_slot(control->slot())) continue;
    const NatSlot& slot = rig_.segment().slots().at(control->slot());
    before.probing = is_probing(slot);
    const auto view = NatSlots::read(slot);
    require(view && session_of(slot) == i + 1, "a session's slot is its own");
    require(view->control.backend() == control->backend(), "a session's slot leads to its server");
  }
}

void IceWatch::require_tables_agree() const {
  const SessionTables& tables = rig_.segment().sessions();
  uint64_t open = 0, names = 0;
  for (SessionIndex i = 0; i < tables.sessions.count(); ++i) {
    const Session& session = tables.sessions.at(i);
    if (!Sessions::read(session)) continue;
    ++open;
    const auto found = tables.find(session.pool.load(), Sessions::name_of(session).view());
    require(found && found->index == i, "a session is found by its name");
  }
  for (uint64_t bucket = 0; bucket < tables.names.buckets(); ++bucket)
    tables.names.visit(bucket, [&names](const auto&, const auto&) { ++names; });
  require(names == open, "there is a name for each session and none besides");
}

}  // namespace fuzz
