// SPDX-License-Identifier: MIT
#include "lb/session.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace lb {
namespace {

constexpr size_t kNameWords = kMaxSessionName / 8;
constexpr size_t kKeyWords = sizeof(HmacSha1Key) / 8;
using NameWords = std::array<uint64_t, kNameWords>;

NameWords words_of(std::string_view name) {
  NameWords words{};
  std::memcpy(words.data(), name.data(), name.size());
  return words;
}

// Somebody who attached an address when the record's session ended has not finished: it is not given out before.
bool is_being_written(const Session& session) {
  return std::any_of(session.tuples.begin(), session.tuples.end(), [](const SessionTuple& tuple) {
    return TupleControl(tuple.control.load(std::memory_order_acquire)).state() == TupleState::kBusy;
  });
}

void write_address(SessionTuple& tuple, const IpAddress& address) {
  tuple.high.store(address.high(), std::memory_order_release);
  tuple.low.store(address.low(), std::memory_order_release);
  tuple.pending.store(0, std::memory_order_release);
}

}  // namespace

std::string_view rung_name(Rung rung) noexcept {
  static constexpr std::string_view kNames[kRungCount] = {"told", "ufrag", "whip", "asked", "hash", "tuple"};
  return rung < Rung::kCount ? kNames[static_cast<unsigned>(rung)] : "?";
}

std::optional<SessionIndex> Sessions::claim(SessionIndex& hand, std::string_view name, ListenerId pool,
                                            BackendId backend, Rung rung, Now now) const noexcept {
  for (unsigned look = 0; look < kLooks; ++look) {
    const SessionIndex index = hand;
    hand = hand + 1 < count_ ? hand + 1 : 0;
    Session& session = sessions_[index];
    uint64_t raw = session.control.load(std::memory_order_acquire);
    if (SessionControl(raw).state() != SessionState::kFree || is_being_written(session)) continue;
    const SessionControl busy = SessionControl(raw).next_use(SessionState::kBusy, backend, rung);
    if (!session.control.compare_exchange_strong(raw, busy.raw(), std::memory_order_acq_rel)) continue;
    session.opened_ms.store(now.ms, std::memory_order_release);
    for (auto* zero : {&session.moves, &session.gap_ms, &session.longest_gap_ms, &session.changed_ms})
      zero->store(0, std::memory_order_release);
    session.pool.store(pool, std::memory_order_release);
    session.seen.store(now.tick(), std::memory_order_release);
    session.name_length.store(static_cast<uint32_t>(name.size()), std::memory_order_release);
    const NameWords words = words_of(name);
    for (size_t i = 0; i < kNameWords; ++i) session.name[i].store(words[i], std::memory_order_release);
    for (SessionTuple& tuple : session.tuples)
      tuple.control.store(TupleControl(tuple.control.load(std::memory_order_relaxed)).emptied().raw(),
                          std::memory_order_release);
    for (auto& ssrc : session.ssrcs) ssrc.store(0, std::memory_order_release);
    for (auto* bytes : {&session.bytes_in, &session.bytes_out}) bytes->store(0, std::memory_order_release);
    session.stream.store(0, std::memory_order_release);
    return index;
  }
  return std::nullopt;
}

void Sessions::publish(Session& session) noexcept {
  const SessionControl busy(session.control.load(std::memory_order_relaxed));
  session.control.store(busy.with(SessionState::kOpen).raw(), std::memory_order_release);
}

void Sessions::abandon(Session& session) noexcept {
  const SessionControl busy(session.control.load(std::memory_order_relaxed));
  session.control.store(busy.with(SessionState::kFree).raw(), std::memory_order_release);
}

bool Sessions::close(Session& session, SessionControl seen) noexcept {
  return change(session, seen, seen.with(SessionState::kFree));
}

std::optional<SessionControl> Sessions::read(const Session& session) noexcept {
  const SessionControl control(session.control.load(std::memory_order_acquire));
  if (!control.is_open()) return std::nullopt;
  return control;
}

bool Sessions::change(Session& session, SessionControl& seen, SessionControl to) noexcept {
  uint64_t expected = seen.raw();
  const bool done = session.control.compare_exchange_strong(expected, to.raw(), std::memory_order_acq_rel);
  seen = done ? to : SessionControl(expected);
  return done;
}

bool Sessions::has_name(const Session& session, std::string_view name) noexcept {
  const auto before = read(session);
  if (!before || session.name_length.load(std::memory_order_acquire) != name.size()) return false;
  const NameWords words = words_of(name);
  for (size_t i = 0; i < kNameWords; ++i)
    if (session.name[i].load(std::memory_order_acquire) != words[i]) return false;
  const auto after = read(session);
  return after && after->same_use(*before);
}

SessionName Sessions::name_of(const Session& session) noexcept {
  SessionName name;
  NameWords words;
  for (;;) {
    const auto before = read(session);
    if (!before) return {};
    name.length = static_cast<uint8_t>(session.name_length.load(std::memory_order_acquire));
    for (size_t i = 0; i < kNameWords; ++i) words[i] = session.name[i].load(std::memory_order_acquire);
    const auto after = read(session);
    if (after && after->same_use(*before)) break;
  }
  if (name.length > kMaxSessionName) return {};
  std::memcpy(name.bytes.data(), words.data(), kMaxSessionName);
  return name;
}

std::optional<TupleAddress> Sessions::tuple(const Session& session, unsigned index) noexcept {
  const SessionTuple& place = session.tuples[index];
  TupleControl before(place.control.load(std::memory_order_acquire));
  while (before.in_use()) {
    const IpAddress address = IpAddress::of_words(place.high.load(std::memory_order_acquire),
                                                  place.low.load(std::memory_order_acquire));
    const TupleControl after(place.control.load(std::memory_order_acquire));
    if (after.same_use(before)) return TupleAddress{address, after};
    before = after;
  }
  return std::nullopt;
}

TupleFound Sessions::find_tuple(const Session& session, const IpAddress& address, uint16_t port,
                                ListenerId listener) noexcept {
  for (unsigned i = 0; i < kSessionTuples; ++i) {
    const auto found = tuple(session, i);
    if (found && found->address == address && found->control.port() == port &&
        found->control.listener() == listener)
      return {i, found->control};
  }
  return {};
}

TupleFound Sessions::add_tuple(Session& session, unsigned current, const IpAddress& address, uint16_t port,
                               ListenerId listener, TupleState state, bool nominated, Tick now,
                               std::optional<TupleAddress>& evicted) noexcept {
  unsigned best = kSessionTuples;
  std::array<TupleControl, kSessionTuples> seen;
  const auto silence = [&](unsigned i) {
    return seen[i].state() == TupleState::kEmpty ? 0x10000U : uint32_t{ticks_since(now, seen[i].tick())};
  };
  for (unsigned i = 0; i < kSessionTuples; ++i) {
    seen[i] = TupleControl(session.tuples[i].control.load(std::memory_order_acquire));
    if (seen[i].state() == TupleState::kBusy || (seen[i].in_use() && i == current)) continue;
    if (best == kSessionTuples || silence(i) > silence(best)) best = i;
  }
  if (best == kSessionTuples) return {};
  SessionTuple& place = session.tuples[best];
  evicted = tuple(session, best);
  const TupleControl busy(TupleState::kBusy, false, seen[best].generation() + 1, listener, port, now);
  uint64_t expected = seen[best].raw();
  if (!place.control.compare_exchange_strong(expected, busy.raw(), std::memory_order_acq_rel)) return {};
  write_address(place, address);
  const TupleControl live(state, nominated, busy.generation(), listener, port, now);
  expected = busy.raw();
  if (!place.control.compare_exchange_strong(expected, live.raw(), std::memory_order_acq_rel)) return {};
  return {best, live};
}

bool Sessions::change_tuple(SessionTuple& tuple, TupleControl& seen, TupleControl to) noexcept {
  uint64_t expected = seen.raw();
  const bool done = tuple.control.compare_exchange_strong(expected, to.raw(), std::memory_order_acq_rel);
  seen = done ? to : TupleControl(expected);
  return done;
}

bool Sessions::remove_tuple(SessionTuple& tuple, TupleControl seen) noexcept {
  return change_tuple(tuple, seen, seen.emptied());
}

bool Sessions::put_key(Session& session, SessionControl& seen, KeyOf whose, const HmacSha1Key& key) noexcept {
  do {
    if (!seen.is_open() || seen.key(whose) != KeyState::kNone) return false;
  } while (!change(session, seen, seen.with_key(whose, KeyState::kWriting)));
  const auto words = std::bit_cast<std::array<uint64_t, kKeyWords>>(key);
  auto& place = session.keys[static_cast<unsigned>(whose)];
  for (size_t i = 0; i < kKeyWords; ++i) place[i].store(words[i], std::memory_order_release);
  const SessionControl mine = seen;
  while (!change(session, seen, seen.with_key(whose, KeyState::kThere)))
    if (!seen.same_use(mine)) return false;
  return true;
}

std::optional<HmacSha1Key> Sessions::key(const Session& session, SessionControl seen, KeyOf whose) noexcept {
  if (seen.key(whose) != KeyState::kThere) return std::nullopt;
  std::array<uint64_t, kKeyWords> words;
  const auto& place = session.keys[static_cast<unsigned>(whose)];
  for (size_t i = 0; i < kKeyWords; ++i) words[i] = place[i].load(std::memory_order_acquire);
  const auto after = read(session);
  if (!after || !after->same_use(seen)) return std::nullopt;
  return std::bit_cast<HmacSha1Key>(words);
}

}  // namespace lb
