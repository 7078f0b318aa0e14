// SPDX-License-Identifier: MIT
#include "lb/ice_affinity.h"

#include "lb/affinity.h"
#include "lb/ask_owner.h"
#include "lb/attach.h"
#include "lb/enter_flow.h"
#include "lb/first_byte.h"
#include "lb/roam.h"
#include "lb/session_bytes.h"
#include "lb/session_media.h"
#include "lb/session_tables.h"
#include "lb/stun.h"
#include "lb/udp_payload.h"

namespace lb {
namespace {

// Consent checks come every 2.7 s from browsers, every 5 s by RFC 7675 section 5.1, give or take a fifth: an address that was
// silent for longer has lost its client.
constexpr uint16_t kLostTicks = ticks_of_s(6);
// The current address is silent: another one that proved to be the client's takes its place even without a nomination.
constexpr uint16_t kSilentTicks = ticks_of_s(1);

enum class Proof : uint8_t { kNone, kRight, kWrong, kNoFingerprint };

// The flow of the packet's address leads to a session whose client is gone, or to none.
bool lost_its_client(Worker& worker, Now now, const Packet& packet) {
  const uint32_t number = session_of(worker.segment.slots().at(packet.slot));
  if (number == 0) return true;
  const TupleFound tuple = worker.segment.sessions().tuple_on(packet.slot, number - 1, packet.src,
                                                              packet.src_port, packet.listener);
  return !tuple || ticks_since(now.tick(), tuple.control.tick()) >= kLostTicks;
}

// One check for a session that Cleat knows.
class Check {
 public:
  Check(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
        const StunMessage& message, const SessionFound& found)
      : worker_(worker),
        snapshot_(snapshot),
        now_(now),
        packet_(packet),
        verdict_(verdict),
        message_(message),
        found_(found),
        session_(worker.segment.sessions().sessions.at(found.index)) {}

  // hit  as find_flow() left it
  void run() {
    session_.seen.store(now_.tick(), std::memory_order_relaxed);
    tuple_ = Sessions::find_tuple(session_, packet_.src, packet_.src_port, packet_.listener);
    const bool leads_here = packet_.hit && packet_.slot == found_.control.slot();
    const bool moves = tuple_ && tuple_.index != found_.control.current() && message_.use_candidate();
    if (!tuple_ || !leads_here || moves) {
      proof_ = prove();
      if (proof_ == Proof::kWrong) {
        worker_.counters.ice.refuse(MoveRefusal::kWrongSignature);
        return worker_.drop(packet_, verdict_, DropReason::kStunIntegrity);
      }
      if (proof_ == Proof::kNoFingerprint) return worker_.drop(packet_, verdict_, DropReason::kBadStun);
    }
    if (packet_.hit && !leads_here && proof_ != Proof::kRight && !lost_its_client(worker_, now_, packet_))
      return;
    if (!(leads_here && tuple_ ? refresh() : join()))
      return worker_.drop(packet_, verdict_, DropReason::kTableFull);
    if (tuple_.index != found_.control.current()) consider_move();
    session_.tuples[tuple_.index].pending.store(stun_transaction_word(message_.transaction()),
                                                std::memory_order_relaxed);
    packet_.hit = true;
    packet_.backend = found_.control.backend();
    packet_.slot = found_.control.slot();
    const NatSlot& slot = worker_.segment.slots().at(packet_.slot);
    if (SlotControl(slot.control.load(std::memory_order_acquire)).state() == SlotState::kProbing)
      ask_others(worker_, snapshot_, now_, packet_, session_);
  }

 private:
  Proof prove() const {
    const auto key = Sessions::key(session_, found_.control, KeyOf::kServer);
    if (!key) return message_.fingerprint_ok() ? Proof::kNone : Proof::kNoFingerprint;
    return message_.integrity_ok(*key) ? Proof::kRight : Proof::kWrong;
  }

  bool refresh() {
    TupleControl to = tuple_.control.with_tick(now_.tick()).with_nominated(message_.use_candidate());
    if (is_proof()) to = to.proven();
    Sessions::change_tuple(session_.tuples[tuple_.index], tuple_.control, to);
    return true;
  }

  bool join() {
    if (tuple_) {  // its entry was lost, or leads to another session
      packet_.slot = found_.control.slot();
      packet_.backend = found_.control.backend();
      return take_flow(worker_, now_, packet_) && refresh();
    }
    const TupleState state = is_proof() ? TupleState::kProven : TupleState::kUnproven;
    tuple_ = attach(worker_, now_, packet_, found_, state, message_.use_candidate());
    return static_cast<bool>(tuple_);
  }

  // Anybody may send again what he saw of the client, so a signed check alone proves little: whoever can be asked is asked.
  [[nodiscard]] bool can_be_asked() const { return found_.control.key(KeyOf::kClient) == KeyState::kThere; }
  [[nodiscard]] bool is_proof() const { return proof_ == Proof::kRight && !can_be_asked(); }

  void consider_move() {
    const bool silent = silence_of_current(session_, found_.control, now_.tick()) >= kSilentTicks;
    if (!tuple_.control.nominated() && !silent) return;
    if (can_be_asked() || tuple_.control.state() != TupleState::kProven)
      return ask_attached(worker_, snapshot_, now_, packet_, found_);
    if (move_to(worker_, now_, found_, tuple_.index)) worker_.counters.ice.moves_proven.add(1);
  }

  Worker& worker_;
  const Snapshot& snapshot_;
  const Now now_;
  Packet& packet_;
  Verdict& verdict_;
  const StunMessage& message_;
  SessionFound found_;
  Session& session_;
  TupleFound tuple_;
  Proof proof_ = Proof::kNone;
};

// In DSR modes the server sees the client's address, and decides itself what a check from a new one means.
void follow_in_dsr(Worker& worker, Now now, Packet& packet, Verdict& verdict, const SessionFound& found) {
  worker.segment.sessions().sessions.at(found.index).seen.store(now.tick(), std::memory_order_relaxed);
  if (packet.hit && packet.backend == found.control.backend()) return;
  packet.backend = found.control.backend();
  packet.slot = kNoSlot;
  packet.hit = take_flow(worker, now, packet);
  if (!packet.hit) return worker.drop(packet, verdict, DropReason::kTableFull);
  worker.counters.ice.attached.add(1);
}

void find_by_name(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict,
                  const StunMessage& message, std::string_view name) {
  find_flow(worker, snapshot, now, packet);
  const auto found = worker.segment.sessions().find(snapshot.pools[packet.service->pool].clients, name);
  if (!found) {
    // A stranger may have forged the address: what lives there is not disturbed.
    if (packet.hit && is_slot(packet.slot) && name.size() <= kMaxSessionName &&
        lost_its_client(worker, now, packet))
      packet.hit = false;
    return;
  }
  if (is_one_way(packet.service->forward)) return follow_in_dsr(worker, now, packet, verdict, *found);
  if (is_slot(found->control.slot()))
    return Check(worker, snapshot, now, packet, verdict, message, *found).run();
  packet.hit = false;
}

// SRTCP of the current address is noted (somebody else's could spoil what the client is known by); that of another one asks
// whether the client has moved there, if it goes on, which a late packet does not, or the current one is silent.
void follow_rtcp(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                 std::span<const uint8_t> payload) {
  if (payload_kind(payload) != PayloadKind::kRtcp || !is_slot(packet.slot)) return;
  const NatSlot& slot = worker.segment.slots().at(packet.slot);
  const uint32_t number = session_of(slot);
  SessionTables& tables = worker.segment.sessions();
  const auto view = NatSlots::read(slot);
  if (number == 0 || number > tables.sessions.count() || !view) return;
  const auto place = srtcp_place(payload);
  if (view->client == packet.src && view->client_port == packet.src_port) {
    if (place) note_srtcp(tables, number - 1, *place);
    return;
  }
  const Session& session = tables.sessions.at(number - 1);
  const auto control = Sessions::read(session);
  if (!control || control->slot() != packet.slot) return;
  if (silence_of_current(session, *control, now.tick()) < kSilentTicks &&
      !(place && goes_on(tables, number - 1, *place, now.tick())))
    return;
  if (tables.tuple_on(packet.slot, number - 1, packet.src, packet.src_port, packet.listener))
    ask_attached(worker, snapshot, now, packet, {number - 1, *control});
}

}  // namespace

void find_by_ice(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                 Verdict& verdict) noexcept {
  const auto payload = udp_payload(packet);
  if (payload_kind(payload) == PayloadKind::kStun) {
    const StunParsed message = parse_stun(payload);
    if (message) {
      const auto name = message->ufrags() ? message->username() : std::nullopt;
      if (name) return find_by_name(worker, snapshot, now, packet, verdict, *message, *name);
      if (take_challenge_answer(worker, snapshot, now, packet, verdict, *message)) return;
    } else if (message.fault() != StunFault::kNotStun) {
      return worker.drop(packet, verdict, DropReason::kBadStun);
    }
  }
  find_flow(worker, snapshot, now, packet);
  if (packet.hit) {
    if (is_slot(packet.slot)) worker.segment.slots().prefetch(packet.slot);  // its bytes are counted there
    return follow_rtcp(worker, snapshot, now, packet, payload);
  }
  if (is_one_way(packet.service->forward)) return worker.drop(packet, verdict, DropReason::kNoSession);
  roam(worker, snapshot, now, packet, verdict);
}

bool touch_session(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                   SlotIndex index) noexcept {
  const uint32_t number = session_of(worker.segment.slots().at(index));
  SessionTables& tables = worker.segment.sessions();
  TupleFound tuple = tables.tuple_on(index, number - 1, packet.src, packet.src_port, packet.listener);
  if (!tuple) return false;
  Session& session = tables.sessions.at(number - 1);
  move_bytes(worker.segment.slots().at(index), session);
  const auto payload = udp_payload(packet);
  const PayloadKind kind = payload_kind(payload);
  // Checks are looked at by name: one that names another session says nothing of this one.
  if (kind == PayloadKind::kStun) return true;
  const auto place = kind == PayloadKind::kRtp ? rtp_place(payload) : std::nullopt;
  // A router gave the address to another client since: its media must not go to this one's server until its next check.
  if (place && ticks_since(now.tick(), tuple.control.tick()) >= kLostTicks) {
    const auto other =
        session_of_rtp(tables, snapshot.pools[packet.service->pool].clients, *place, now.tick());
    if (other && other->index != number - 1) return false;
  }
  const SessionControl control(session.control.load(std::memory_order_relaxed));
  const bool is_clients = tuple.index == control.current() || tuple.control.state() == TupleState::kProven;
  Sessions::change_tuple(session.tuples[tuple.index], tuple.control, tuple.control.with_tick(now.tick()));
  if (place && is_clients) note_rtp(tables, number - 1, *place, now.tick());
  return true;
}

}  // namespace lb
