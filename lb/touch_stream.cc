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

}  // namespace

void touch_stream(Worker& worker, Now now, const NatSlot& slot, SlotControl control, Protocol protocol,
                  uint16_t forward_age, uint16_t reply_age) noexcept {
  Streams& streams = worker.segment.streams();
  if (protocol != Protocol::kUdp) {
    if (!is_joined(control)) return;
    const Seam seam = seam_of(slot);
    return streams.touch(seam.stream, seam.publishes && !NatSlots::is_closed(slot), now);
  }
  if (has_srt_call(slot)) {
    const SrtCall call = srt_call_of(slot);
    if (control.state() == SlotState::kLive && !call.over && forward_age <= kSrtPeerTicks)
      streams.touch(call.stream, call.publishes, now);
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
