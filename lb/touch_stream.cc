// SPDX-License-Identifier: MIT
#include "lb/touch_stream.h"

#include <algorithm>

#include "lb/seam.h"
#include "lb/session_stream.h"
#include "lb/srt_call.h"

namespace lb {
namespace {

// An SRT peer gives another one up after 5 s of silence, if it is not told otherwise.
constexpr uint16_t kSrtPeerTicks = ticks_of_s(5);
// RFC 7675 section 5.1: checks are at most 6 s apart, and answered.
constexpr uint16_t kConsentTicks = ticks_of_s(6);

// Of a TCP slot: its flow is over, or for its server it is.
bool has_ended(const NatSlot& slot) {
  return NatSlots::is_closed(slot) ||
         (slot.tcp_reply.load(std::memory_order_relaxed) & slot_flag::kFinFirst) != 0;
}

}  // namespace

void note_server_end(Worker& worker, const Listener& listener, const Packet& packet,
                     const NatSlot& slot) noexcept {
  constexpr uint8_t kEnd = tcp_flag::kFin | tcp_flag::kRst;
  const bool client_ended =
      (slot.tcp_forward.load(std::memory_order_relaxed) & (slot_flag::kFin | slot_flag::kRst)) != 0;
  if ((packet.tcp_flags & kEnd) == 0 || client_ended) [[likely]]
    return;
  const Seam seam = seam_of(slot);
  if (seam.publishes)
    worker.segment.streams().end_publisher(seam.stream, publisher_on(packet.slot, listener));
}

void note_srt_unreachable(Worker& worker, const Listener& listener, Now now, SlotIndex index) noexcept {
  NatSlot& slot = worker.segment.slots().at(index);
  if (!has_srt_call(slot)) return;
  // As if it had been silent for so long; what it says next is heard as ever.
  slot.reply_tick.store(static_cast<Tick>(now.tick() - kSrtPeerTicks - 1), std::memory_order_relaxed);
  worker.segment.streams().end_publisher(srt_call_of(slot).stream, publisher_on(index, listener));
}

void leave_stream(Worker& worker, const Snapshot& snapshot, SlotIndex index, SlotControl control) noexcept {
  const NatSlot& slot = worker.segment.slots().at(index);
  const bool udp = NatSlots::protocol_of(index) == Protocol::kUdp;
  if (udp ? !has_srt_call(slot) : !is_joined(control)) return;
  worker.segment.streams().leave_publisher(udp ? srt_call_of(slot).stream : seam_of(slot).stream,
                                           publisher_on(index, snapshot.listener(control.listener())));
}

void touch_stream(Worker& worker, const Snapshot& snapshot, Now now, SlotIndex index, SlotControl control,
                  uint16_t forward_age, uint16_t reply_age) noexcept {
  Streams& streams = worker.segment.streams();
  const NatSlot& slot = worker.segment.slots().at(index);
  const Publisher publisher = publisher_on(index, snapshot.listener(control.listener()));
  if (NatSlots::protocol_of(index) != Protocol::kUdp) {
    if (!is_joined(control)) return;
    const Seam seam = seam_of(slot);
    return streams.touch(seam.stream, seam.publishes && !has_ended(slot), now, publisher);
  }
  if (has_srt_call(slot)) {
    const SrtCall call = srt_call_of(slot);
    if (control.state() != SlotState::kLive) return;
    if (reply_age > kSrtPeerTicks)
      streams.end_publisher(call.stream, publisher);
    else if (!call.over && forward_age <= kSrtPeerTicks)
      streams.touch(call.stream, call.publishes, now, publisher);
    return;
  }
  const Sessions& sessions = worker.segment.sessions().sessions;
  const uint32_t number = session_of(slot);
  if (number == 0 || number > sessions.count()) return;
  const auto stream = SessionStream::of(sessions.at(number - 1).stream.load(std::memory_order_acquire));
  const bool is_alive = std::max(forward_age, reply_age) <= kConsentTicks;
  if (stream) streams.touch(stream->place, stream->publishes && is_alive, now);
}

}  // namespace lb
