// SPDX-License-Identifier: MIT
#include "lb/session_tables.h"

#include <algorithm>
#include <cstring>

#include "lb/hash.h"

namespace lb {
WideTable::Key SessionTables::name_key(ListenerId pool, std::string_view name) const noexcept {
  return {uint64_t{pool} << 48 | (name.size() & 0xffff), hash_text(name, seed), hash_text(name, ~seed)};
}

std::optional<SessionFound> SessionTables::find(ListenerId pool, std::string_view name) const noexcept {
  if (name.size() > kMaxSessionName) return std::nullopt;
  const auto key = name_key(pool, name);
  const auto found = names.find(key, names.hash(key));
  if (!found || found.control.slot() >= sessions.count()) return std::nullopt;
  const SessionIndex index = found.control.slot();
  const Session& session = sessions.at(index);
  const auto control = Sessions::read(session);
  if (!control || session.pool.load(std::memory_order_acquire) != pool || !Sessions::has_name(session, name))
    return std::nullopt;
  return SessionFound{index, *control};
}

TupleFound SessionTables::tuple_on(SlotIndex slot, SessionIndex index, const IpAddress& client,
                                   uint16_t client_port, ListenerId listener) const noexcept {
  if (index >= sessions.count()) return {};
  const Session& session = sessions.at(index);
  const auto control = Sessions::read(session);
  if (!control || control->slot() != slot) return {};
  return Sessions::find_tuple(session, client, client_port, listener);
}

std::optional<SessionFound> SessionTables::learn(SessionIndex& hand, ListenerId pool, std::string_view name,
                                                 BackendId backend, Rung rung, Now now) noexcept {
  const auto index = sessions.claim(hand, name, pool, backend, rung, now);
  if (!index) return std::nullopt;
  Session& session = sessions.at(*index);
  Sessions::publish(session);
  const SessionControl control(session.control.load(std::memory_order_relaxed));
  const auto key = name_key(pool, name);
  const auto entered = names.insert(key, names.hash(key), *index, backend, now.tick());
  if (entered.outcome == WideTable::Outcome::kInserted) return SessionFound{*index, control};
  Sessions::close(session, control);
  return std::nullopt;
}

bool SessionTables::forget(SessionIndex index, SessionControl seen) noexcept {
  Session& session = sessions.at(index);
  const SessionName name = Sessions::name_of(session);
  const ListenerId pool = session.pool.load(std::memory_order_acquire);
  std::array<uint32_t, kSessionSsrcs> ssrc_of;
  for (unsigned i = 0; i < kSessionSsrcs; ++i)
    ssrc_of[i] = static_cast<uint32_t>(session.ssrcs[i].load(std::memory_order_acquire));
  if (!Sessions::close(session, seen)) return false;
  for (SrtcpNote& note : srtcp[index].of) note.ssrc_and_cm.store(0, std::memory_order_relaxed);
  const auto take_out = [index](auto& table, const auto& key) {
    table.remove_all(key, table.hash(key), index);
  };
  take_out(names, name_key(pool, name.view()));
  for (const uint32_t ssrc : ssrc_of)
    if (ssrc != 0) take_out(ssrcs, ssrc_key(pool, ssrc));
  return true;
}

}  // namespace lb
