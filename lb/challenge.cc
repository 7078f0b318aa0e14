// SPDX-License-Identifier: MIT
#include "lb/challenge.h"

#include <algorithm>
#include <cstring>

#include "lb/emit.h"
#include "lb/stun_builder.h"

namespace lb {
namespace {

// RFC 8445 section 5.1.2.1: a peer-reflexive candidate of component 1.
constexpr uint32_t kPriority = 110U << 24 | 65535U << 8 | 255U;
constexpr uint8_t kSigned = 0x80, kSecondMask = 0x7f;
constexpr uint8_t kValidS = 3;

// Octets of the transaction id: session 3 | signed 1 bit, second 7 | code 8
constexpr size_t kCodeAt = 4;

uint64_t second_of(Now now) { return now.ms / 1000; }

// second  the whole of it: what was answered once is not right again when the few bits in the id come round
Sha1Digest code_of(const Worker& worker, const Packet& packet, SessionControl session, uint64_t second,
                   const TransactionId& transaction) {
  std::array<uint8_t, kCodeAt + 1 + 16 + 2 + 2 + sizeof(second)> what{};
  auto at = std::copy_n(transaction.bytes.begin(), kCodeAt, what.begin());
  *at++ = session.generation();
  at = std::copy_n(packet.src.bytes(), 16, at);
  for (const uint16_t word : {packet.src_port, packet.listener}) {
    *at++ = static_cast<uint8_t>(word >> 8);
    *at++ = static_cast<uint8_t>(word);
  }
  std::memcpy(&*at, &second, sizeof(second));
  return hmac_sha1(worker.challenge_key, what, {});
}

TransactionId transaction_for(const Worker& worker, const Packet& packet, const SessionFound& session,
                              uint64_t second, bool is_signed) {
  TransactionId id{};
  for (unsigned i = 0; i < 3; ++i) id.bytes[i] = static_cast<uint8_t>(session.index >> (16 - 8 * i));
  id.bytes[3] = static_cast<uint8_t>((is_signed ? kSigned : 0) | (second & kSecondMask));
  const Sha1Digest code = code_of(worker, packet, session.control, second, id);
  std::copy_n(code.begin(), id.bytes.size() - kCodeAt, id.bytes.begin() + kCodeAt);
  return id;
}

// USERNAME towards the client: its own ufrag first.
SessionName turned_round(const SessionName& name) {
  SessionName turned;
  const size_t colon = name.view().find(':');
  if (colon == std::string_view::npos) return turned;
  const std::string_view server = name.view().substr(0, colon), client = name.view().substr(colon + 1);
  auto at = std::copy(client.begin(), client.end(), turned.bytes.begin());
  *at++ = ':';
  std::copy(server.begin(), server.end(), at);
  turned.length = name.length;
  return turned;
}

}  // namespace

unsigned send_challenge(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                        const SessionFound& found) noexcept {
  const Session& session = worker.segment.sessions().sessions.at(found.index);
  const SessionName name = turned_round(Sessions::name_of(session));
  const auto key = Sessions::key(session, found.control, KeyOf::kClient);
  if (name.length == 0) return 0;
  StunCheck check;
  check.transaction = transaction_for(worker, packet, found, second_of(now), key.has_value());
  check.username = name.view();
  check.priority = kPriority;
  check.tie_breaker = session.opened_ms.load(std::memory_order_relaxed);
  check.key = key ? &*key : nullptr;
  std::array<uint8_t, kMaxEmittedUdp> into;
  const auto message = build_binding_request(into, check);
  const bool sent = !message.empty() && emit_udp(worker, snapshot, now, {packet.dst, packet.dst_port},
                                                 {packet.src, packet.src_port}, message);
  if (!sent) return 0;
  worker.counters.ice.challenges.add(1);
  return static_cast<unsigned>(message.size());
}

std::optional<ChallengeAnswer> read_challenge_answer(const Worker& worker, Now now, const Packet& packet,
                                                     const StunMessage& message) noexcept {
  const TransactionId id = message.transaction();
  const SessionIndex index = uint32_t{id.bytes[0]} << 16 | uint32_t{id.bytes[1]} << 8 | uint32_t{id.bytes[2]};
  const Sessions& sessions = worker.segment.sessions().sessions;
  const auto age_s = static_cast<uint8_t>((second_of(now) - id.bytes[3]) & kSecondMask);
  if (index >= sessions.count() || age_s > kValidS) return std::nullopt;
  const Session& session = sessions.at(index);
  const auto control = Sessions::read(session);
  if (!control) return std::nullopt;
  const SessionFound found{index, *control};
  const bool was_signed = (id.bytes[3] & kSigned) != 0;
  if (transaction_for(worker, packet, found, second_of(now) - age_s, was_signed) != id) return std::nullopt;
  ChallengeAnswer answer{found, was_signed, false};
  if (answer.challenge_was_signed && message.is_binding(StunClass::kSuccess)) {
    const auto key = Sessions::key(session, *control, KeyOf::kClient);
    answer.proves_identity = key && message.integrity_ok(*key);
  }
  return answer;
}

}  // namespace lb
