// SPDX-License-Identifier: MIT
#include "lb/session_media.h"

#include <algorithm>

#include "lb/attach.h"
#include "lb/bytes.h"

namespace lb {
namespace {

constexpr size_t kRtpHeader = 12, kRtcpHeader = 8, kSrtcpIndex = 4, kAuthenticationTag = 10;
constexpr uint32_t kIndexMask = 0x7fffffff;  // the highest bit says "encrypted"

// Packets a second of one SSRC that are still believed, and how far the order may be off.
constexpr int kMaxRate = 8192;
constexpr int kReordered = 64;

// SRTCP packets of one client that may be lost in a tick of silence (transport-wide feedback comes up to 20 times a second, RFC
// 8888 and NACK come on top), and the longest silence that a change of networks takes.
constexpr uint32_t kSrtcpPerTick = 16;
constexpr uint16_t kLongestChange = ticks_of_s(10);

uint32_t word_at(std::span<const uint8_t> bytes, size_t at) {
  be32 word;
  std::memcpy(&word, bytes.data() + at, sizeof word);
  return word.host();
}

// ssrc 32 | sequence 16 | tick 16     (low to high)
constexpr uint64_t noted(const RtpPlace& place, Tick now) {
  return uint64_t{place.ssrc} | uint64_t{place.sequence} << 32 | uint64_t{now} << 48;
}

bool goes_on(uint64_t note, const RtpPlace& place, Tick now) {
  const auto step = static_cast<int16_t>(place.sequence - static_cast<uint16_t>(note >> 32));
  const int ticks = ticks_since(now, static_cast<Tick>(note >> 48)) + 1;
  return step >= -kReordered &&
         step <= std::min(ticks * kMaxRate / static_cast<int>(kTicksPerSecond), 0x7fff);
}

// By which of the two layouts the packet is nearer; 0 is no step.
uint32_t step_of(const SrtcpNote& note, const SrtcpPlace& place) {
  const uint64_t ssrc_and_cm = note.ssrc_and_cm.load(std::memory_order_relaxed);
  const uint32_t cm = (place.index_cm - static_cast<uint32_t>(ssrc_and_cm >> 32)) & kIndexMask;
  const uint32_t gcm =
      (place.index_gcm - static_cast<uint32_t>(note.gcm.load(std::memory_order_relaxed))) & kIndexMask;
  if (cm == 0 || gcm == 0) return std::max(cm, gcm);
  return std::min(cm, gcm);
}

const SrtcpNote* note_of(const SrtcpNotes& notes, uint32_t ssrc) {
  for (const SrtcpNote& note : notes.of) {
    const uint64_t seen = note.ssrc_and_cm.load(std::memory_order_relaxed);
    if (seen != 0 && static_cast<uint32_t>(seen) == ssrc) return &note;
  }
  return nullptr;
}

uint32_t lost_in_silence(const Session& session, Tick now) {
  const auto control = Sessions::read(session);
  const uint16_t silence = control ? silence_of_current(session, *control, now) : kNobody;
  return silence == kNobody ? 0 : std::min(silence, kLongestChange) * kSrtcpPerTick;
}

}  // namespace

std::optional<RtpPlace> rtp_place(std::span<const uint8_t> payload) noexcept {
  if (payload.size() < kRtpHeader) return std::nullopt;
  return RtpPlace{word_at(payload, 8), static_cast<uint16_t>(word_at(payload, 0))};
}

std::optional<SrtcpPlace> srtcp_place(std::span<const uint8_t> payload) noexcept {
  const size_t size = payload.size();
  if (size < kRtcpHeader + kSrtcpIndex + kAuthenticationTag) return std::nullopt;
  return SrtcpPlace{word_at(payload, 4),
                    word_at(payload, size - kAuthenticationTag - kSrtcpIndex) & kIndexMask,
                    word_at(payload, size - kSrtcpIndex) & kIndexMask};
}

void note_rtp(SessionTables& tables, SessionIndex index, const RtpPlace& place, Tick now) noexcept {
  if (place.ssrc == 0) return;
  Session& session = tables.sessions.at(index);
  for (std::atomic<uint64_t>& note : session.ssrcs) {
    uint64_t seen = note.load(std::memory_order_relaxed);
    if (static_cast<uint32_t>(seen) == place.ssrc)
      return note.store(noted(place, now), std::memory_order_relaxed);
    if (seen != 0) continue;
    if (!note.compare_exchange_strong(seen, noted(place, now), std::memory_order_acq_rel)) continue;
    const auto key = SessionTables::ssrc_key(session.pool.load(std::memory_order_relaxed), place.ssrc);
    const uint64_t hash = tables.ssrcs.hash(key);
    // One that another session has, too, names nobody: the first one keeps it, and is asked for proof.
    if (!tables.ssrcs.find(key, hash)) (void)tables.ssrcs.insert(key, hash, index, 0, now);
    return;
  }
}

void note_srtcp(SessionTables& tables, SessionIndex index, const SrtcpPlace& place) noexcept {
  auto& notes = tables.srtcp[index].of;
  SrtcpNote* note = &notes[0];
  for (; note != &notes.back(); ++note) {
    const uint64_t seen = note->ssrc_and_cm.load(std::memory_order_relaxed);
    if (seen == 0 || static_cast<uint32_t>(seen) == place.ssrc) break;
  }
  note->ssrc_and_cm.store(uint64_t{place.ssrc} | uint64_t{place.index_cm} << 32, std::memory_order_relaxed);
  note->gcm.store(place.index_gcm, std::memory_order_relaxed);
}

bool goes_on(const SessionTables& tables, SessionIndex index, const SrtcpPlace& place, Tick now) noexcept {
  const SrtcpNote* note = note_of(tables.srtcp[index], place.ssrc);
  if (note == nullptr) return false;
  const uint32_t step = step_of(*note, place);
  return step != 0 && step <= kLostOnTheWay + 1 + lost_in_silence(tables.sessions.at(index), now);
}

std::optional<SessionFound> session_of_rtp(SessionTables& tables, ListenerId pool, const RtpPlace& place,
                                           Tick now) noexcept {
  const auto key = SessionTables::ssrc_key(pool, place.ssrc);
  const auto found = tables.ssrcs.find(key, tables.ssrcs.hash(key));
  if (!found || found.control.slot() >= tables.sessions.count()) return std::nullopt;
  const SessionIndex index = found.control.slot();
  const Session& session = tables.sessions.at(index);
  const auto control = Sessions::read(session);
  if (!control || session.pool.load(std::memory_order_acquire) != pool) return std::nullopt;
  for (const std::atomic<uint64_t>& note : session.ssrcs) {
    const uint64_t seen = note.load(std::memory_order_acquire);
    if (static_cast<uint32_t>(seen) == place.ssrc && goes_on(seen, place, now))
      return SessionFound{index, *control};
  }
  return std::nullopt;
}

Candidates sessions_of_srtcp(SessionTables& tables, ListenerId pool, const SrtcpPlace& place,
                             uint32_t largest_step, Tick now) noexcept {
  std::array<std::pair<uint32_t, SessionIndex>, kMaxCandidates> nearest;  // step, session
  unsigned count = 0;
  for (SessionIndex i = 0; i < tables.sessions.count(); ++i) {
    const SrtcpNote* note = note_of(tables.srtcp[i], place.ssrc);
    if (note == nullptr) continue;
    const std::pair candidate(step_of(*note, place), i);
    if (candidate.first == 0 || candidate.first > largest_step + kLongestChange * kSrtcpPerTick) continue;
    const Session& session = tables.sessions.at(i);
    if (session.pool.load(std::memory_order_acquire) != pool) continue;
    if (candidate.first > largest_step && candidate.first > largest_step + lost_in_silence(session, now))
      continue;
    if (count < kMaxCandidates) {
      nearest[count++] = candidate;
    } else if (const auto farthest = std::max_element(nearest.begin(), nearest.end());
               candidate < *farthest) {
      *farthest = candidate;
    }
  }
  std::sort(nearest.begin(), nearest.begin() + count);
  Candidates found;
  for (; found.count < count; ++found.count) found.sessions[found.count] = nearest[found.count].second;
  return found;
}

}  // namespace lb
