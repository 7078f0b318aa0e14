// SPDX-License-Identifier: MIT
#include "lb/roam.h"

#include "lb/attach.h"
#include "lb/challenge.h"
#include "lb/first_byte.h"
#include "lb/session_media.h"
#include "lb/udp_payload.h"

namespace lb {
namespace {

constexpr uint32_t kRetryMs = 100;  // without an answer the same candidate is asked again
constexpr unsigned kTries = 3;      // and then the next
constexpr uint32_t kRestMs = 2000;  // after the last one it begins anew
constexpr uint32_t kLongestSearch = 16;
constexpr unsigned kMaxBridged = 256;  // packets of one address before proof
// Of a session whose passwords nobody knows: three touch periods of silence, then a move, not more often than this.
constexpr uint16_t kGoneTicks = 3;
constexpr uint32_t kProvisionalMs = 5000;

ListenerId pool_of(const Snapshot& snapshot, const Packet& packet) {
  return snapshot.pools[packet.service->pool].clients;
}

// Nobody can prove to be the client of a session whose passwords are not known: it moves to whoever is there, but only when
// its client fell silent, and not often.
std::optional<MoveRefusal> refuse_path_proof(const Session& session, SessionControl control, Now now) {
  if (control.key(KeyOf::kClient) == KeyState::kThere) return MoveRefusal::kPasswordKnown;
  const auto since_moved = static_cast<uint32_t>(now.ms) - session.changed_ms.load(std::memory_order_relaxed);
  if (session.moves.load(std::memory_order_relaxed) > 0 && since_moved < kProvisionalMs)
    return MoveRefusal::kTooSoon;
  if (silence_of_current(session, control, now.tick()) < kGoneTicks) return MoveRefusal::kNotSilent;
  return std::nullopt;
}

void ask(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet, Roamer& roamer) {
  if (!roamer.answered && now.ms < roamer.asked_ms + kRetryMs) return;
  SessionTables& tables = worker.segment.sessions();
  if (!roamer.has_next() && now.ms >= roamer.asked_ms + kRestMs) roamer.at = roamer.tries = 0;
  if (roamer.tries >= kTries) {
    ++roamer.at;
    roamer.tries = 0;
  }
  for (; roamer.has_next(); ++roamer.at) {
    const SessionIndex index = roamer.next();
    const auto control = Sessions::read(tables.sessions.at(index));
    if (!control || !is_slot(control->slot())) continue;
    if (control->key(KeyOf::kClient) != KeyState::kThere) {
      // Unsigned, it proves nobody's identity: not where there is a choice.
      if (roamer.candidates.count > 1) continue;
      if (refuse_path_proof(tables.sessions.at(index), *control, now)) return;
    }
    if (!roamer.may_get(challenge_bytes(tables.sessions.at(index))) || !worker.roamers.challenges.take(now)) {
      worker.counters.ice.challenges_withheld.add(1);
      return;
    }
    roamer.bytes_out += send_challenge(worker, snapshot, now, packet, {index, *control});
    roamer.asked_ms = now.ms;
    roamer.answered = false;
    ++roamer.tries;
    return;
  }
}

bool was_at(const Session& session, const IpAddress& client) {
  const auto control = Sessions::read(session);
  const auto current = control ? Sessions::tuple(session, control->current()) : std::nullopt;
  return current && current->address == client;
}

// Those that had the same address go first, in their order: a rebinding changes the port alone.
Candidates same_address_first(const SessionTables& tables, const IpAddress& client, const Candidates& found) {
  Candidates sorted;
  std::array<bool, kMaxCandidates> same;
  for (unsigned i = 0; i < found.count; ++i) same[i] = was_at(tables.sessions.at(found.sessions[i]), client);
  for (const bool wanted : {true, false})
    for (unsigned i = 0; i < found.count; ++i)
      if (same[i] == wanted) sorted.sessions[sorted.count++] = found.sessions[i];
  return sorted;
}

// The packet's address may be this session's client and nobody else's.
Roamer& only_candidate(Worker& worker, Now now, const Packet& packet, SessionIndex session) {
  Roamer& roamer = worker.roamers.at(packet, now);
  roamer.bytes_in += udp_payload(packet).size();
  if (roamer.candidates.count != 1 || roamer.candidates.sessions[0] != session) roamer.begin({{session}, 1});
  return roamer;
}

void roam_rtp(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
              const RtpPlace& place) {
  const auto session =
      session_of_rtp(worker.segment.sessions(), pool_of(snapshot, packet), place, now.tick());
  if (!session || !is_slot(session->control.slot()))
    return worker.drop(packet, verdict, DropReason::kNoSession);
  Roamer& roamer = only_candidate(worker, now, packet, session->index);
  ask(worker, snapshot, now, packet, roamer);
  if (roamer.bridged == kMaxBridged || !worker.roamers.bridged.take(now))
    return worker.drop(packet, verdict, DropReason::kNoSession);
  ++roamer.bridged;
  worker.counters.ice.bridged.add(1);
  packet.hit = true;
  packet.backend = session->control.backend();
  packet.slot = session->control.slot();
}

void roam_rtcp(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
               const SrtcpPlace& place) {
  Roamer* roamer = worker.roamers.find(packet, now);
  // When none of them was it, another look: what the client said since is one step more for each packet.
  const bool exhausted =
      roamer != nullptr && !roamer->has_next() && (roamer->reachable || now.ms >= roamer->asked_ms + kRestMs);
  if (roamer == nullptr || exhausted) {
    SessionTables& tables = worker.segment.sessions();
    if (!worker.roamers.searches.take(now)) return worker.drop(packet, verdict, DropReason::kNoSession);
    const uint32_t largest_step = kLostOnTheWay + 1 + (roamer != nullptr ? roamer->srtcp : 0U);
    const Candidates candidates =
        sessions_of_srtcp(tables, pool_of(snapshot, packet), place, largest_step, now.tick());
    if (candidates.count == 0) return worker.drop(packet, verdict, DropReason::kNoSession);
    roamer = &worker.roamers.at(packet, now);
    roamer->begin(same_address_first(tables, packet.src, candidates));
  }
  roamer->seen_ms = now.ms;
  if (roamer->srtcp < kLongestSearch) ++roamer->srtcp;
  roamer->bytes_in += udp_payload(packet).size();
  ask(worker, snapshot, now, packet, *roamer);
  worker.drop(packet, verdict, DropReason::kNoSession);
}

// The challenge's answer came from this address: it becomes the session's current one.
bool adopt(Worker& worker, Now now, Packet& packet, SessionFound found, TupleState state) {
  Session& session = worker.segment.sessions().sessions.at(found.index);
  TupleFound tuple = Sessions::find_tuple(session, packet.src, packet.src_port, packet.listener);
  if (!tuple)
    tuple = attach(worker, now, packet, found, state, false);
  else if (state == TupleState::kProven)
    Sessions::change_tuple(session.tuples[tuple.index], tuple.control,
                           tuple.control.proven().with_tick(now.tick()));
  return tuple && tuple.index != found.control.current() && move_to(worker, now, found, tuple.index);
}

// The address is real, whoever is there.
void take_path_proof(Worker& worker, Now now, Packet& packet, const SessionFound& found) {
  const Session& session = worker.segment.sessions().sessions.at(found.index);
  if (const auto why = refuse_path_proof(session, found.control, now))
    return worker.counters.ice.refuse(*why);
  if (adopt(worker, now, packet, found, TupleState::kUnproven)) worker.counters.ice.moves_provisional.add(1);
}

}  // namespace

void roam(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) noexcept {
  const auto payload = udp_payload(packet);
  switch (payload_kind(payload)) {
    case PayloadKind::kRtp:
      if (const auto place = rtp_place(payload))
        return roam_rtp(worker, snapshot, now, packet, verdict, *place);
      break;
    case PayloadKind::kRtcp:
      if (const auto place = srtcp_place(payload))
        return roam_rtcp(worker, snapshot, now, packet, verdict, *place);
      break;
    case PayloadKind::kStun:
    case PayloadKind::kDtls:
    case PayloadKind::kQuic:
    case PayloadKind::kOther:
      break;
  }
  worker.drop(packet, verdict, DropReason::kNoSession);
}

void ask_attached(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                  const SessionFound& session) noexcept {
  ask(worker, snapshot, now, packet, only_candidate(worker, now, packet, session.index));
}

bool take_challenge_answer(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                           Verdict& verdict, const StunMessage& message) noexcept {
  const auto answer = read_challenge_answer(worker, now, packet, message);
  if (!answer) return false;
  Roamer* roamer = worker.roamers.find(packet, now);
  if (roamer != nullptr) roamer->reachable = true;
  // A challenge that was sent twice is answered twice: the second answer says nothing of the next candidate.
  const bool in_turn = roamer != nullptr && roamer->has_next() && roamer->next() == answer->session.index;
  if (in_turn) roamer->answered = true;
  if (answer->proves_identity) {
    if (adopt(worker, now, packet, answer->session, TupleState::kProven))
      worker.counters.ice.moves_challenged.add(1);
    if (roamer != nullptr) Roamers::forget(*roamer);
  } else if (!answer->challenge_was_signed) {
    take_path_proof(worker, now, packet, answer->session);
  } else {
    worker.counters.ice.refuse(MoveRefusal::kNotTheClient);
    if (in_turn) {
      roamer->tries = kTries;
      ask(worker, snapshot, now, packet, *roamer);
    }
  }
  worker.consume(packet, verdict);
  return true;
}

}  // namespace lb
