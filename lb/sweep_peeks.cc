// SPDX-License-Identifier: MIT
// What becomes of a peek (lb/peek.h) while nobody speaks, and while both do and Cleat has still something on the way.
#include <algorithm>

#include "lb/peek_client.h"
#include "lb/peek_send.h"
#include "lb/peek_server.h"
#include "lb/tcp_options.h"

namespace lb {
namespace {

constexpr uint64_t kPassMs = 20;
constexpr uint64_t kRepeatMs = 250, kLongestRepeatMs = 4000;
constexpr uint64_t kReadMs = 10'000;    // for the client to say what it wants
constexpr uint64_t kAnswerMs = 3'000;   // for the server to answer the SYN
constexpr uint64_t kSettleMs = 30'000;  // for both to acknowledge what Cleat said

bool has_settled(const Peek& peek) {
  return peek.given_acked == peek.given && peek.out_acked == peek.out_size;
}

void repeat(Worker& worker, const Snapshot& snapshot, Now now, Peek& peek) {
  peek.tries = static_cast<uint8_t>(std::min(peek.tries + 1, 8));
  peek.due_ms = now.ms + std::min(kRepeatMs << peek.tries, kLongestRepeatMs);
  worker.counters.peeks.repeated.add(1);
  if (peek.phase == PeekPhase::kConnecting) return say_syn_to_server(worker, snapshot, now, peek);
  if (peek.given_acked < peek.given) give_to_server(worker, snapshot, now, peek);
  if (peek.out_acked < peek.out_size) say_again_to_client(worker, snapshot, now, peek);
}

void look_after(Worker& worker, const Snapshot& snapshot, Now now, Peeks::Held held) {
  const Peek& peek = *held;
  const uint64_t age = now.ms - std::min(now.ms, peek.began_ms);
  switch (peek.phase) {
    case PeekPhase::kReading:
      if (age > kReadMs) return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kTooSlow);
      if (peek.out_acked == peek.out_size) return;
      break;
    case PeekPhase::kConnecting:
    case PeekPhase::kSpeaking:
      if (!has_slot(worker, peek) || age > kAnswerMs) {
        worker.counters.failures[peek.backend].unanswered.add(1);
        return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kServerSilent);
      }
      break;
    case PeekPhase::kSettling:
      // The flow is over already, by the word of both.
      if (!has_slot(worker, peek) || NatSlots::is_closed(worker.segment.slots().at(peek.slot)))
        return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kJoined);
      if (age > kSettleMs) return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kNotTaken);
      break;
  }
  if (now.ms >= peek.due_ms) repeat(worker, snapshot, now, *held);
}

// Bytes of the client's that the server gets from Cleat, in other words and at other numbers.
bool repeats_taken(const Peek& peek, const Packet& packet) {
  const TcpHeader& tcp = tcp_of(packet);
  return packet.l4_length > tcp_header_bytes(packet) &&
         static_cast<int32_t>(tcp.sequence.host() - (peek.client_begin + peek.taken)) < 0;
}

void note_taken(Worker& worker, const Snapshot& snapshot, Now now, Peeks::Held held, const Packet& packet) {
  Peek& peek = *held;
  const bool reply = packet.kind == Kind::kReply;
  const uint32_t acked = tcp_of(packet).acknowledgement.host() - (reply ? peek.client_begin : peek.own_begin);
  uint32_t& known = reply ? peek.given_acked : peek.out_acked;
  const uint32_t most = reply ? peek.given : peek.out_size;
  // Beyond that it speaks of what came after.
  const bool before = static_cast<int32_t>(acked - known) <= 0;
  if (before) return;
  known = std::min(acked, most);
  peek.tries = 0;
  peek.due_ms = now.ms + kRepeatMs;
  if (has_settled(peek)) return end_peek(worker, snapshot, now, std::move(held), PeekEnd::kJoined);
  if (reply && peek.given_acked < peek.given) give_to_server(worker, snapshot, now, peek);
}

}  // namespace

bool note_settling(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                   const Seam& seam) noexcept {
  Peeks::Held held = worker.peeks.at(seam.peek);
  if (!held || held->slot != packet.slot || held->phase != PeekPhase::kSettling || !has_slot(worker, *held) ||
      (packet.tcp_flags & tcp_flag::kAck) == 0)
    return true;
  const bool reply = packet.kind == Kind::kReply;
  const bool passes = reply || !repeats_taken(*held, packet);
  note_taken(worker, snapshot, now, std::move(held), packet);
  return passes;
}

void sweep_peeks(Worker& worker, const Snapshot& snapshot, Now now, uint64_t elapsed_ms) noexcept {
  if (worker.peeks.used() == 0) return;
  const uint64_t share = worker.peeks.count() / worker.count + 1;
  uint64_t& hand = worker.peek_hand;
  for (uint64_t steps = std::min(share, share * elapsed_ms / kPassMs + 1); steps > 0; --steps) {
    const uint64_t index = (hand++ % share) * worker.count + worker.index;
    if (!worker.peeks.is_used(static_cast<uint32_t>(index))) continue;
    if (Peeks::Held held = worker.peeks.at(static_cast<uint32_t>(index)))
      look_after(worker, snapshot, now, std::move(held));
  }
}

}  // namespace lb
