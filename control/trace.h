// SPDX-License-Identifier: MIT
// One trace of packets: from the operator's request to its end. Workers fill its rings (lb/trace.h); it empties them and
// keeps what came until it is forgotten.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "control/trace_request.h"
#include "lb/snapshot_spec.h"
#include "lb/time.h"
#include "lb/trace_ring.h"

namespace control {

inline constexpr uint64_t kTraceUnreadMs = 5000;  // nobody asked for so long: it ends
inline constexpr uint64_t kTraceKeptMs = 60'000;  // after its end, for a reader who comes late

enum class TraceEnd : uint8_t { kNo, kPackets, kSeconds, kUnread, kAsked };
// "packets", "seconds", "unread", "asked"; "" for kNo.
std::string_view trace_end_name(TraceEnd end);

// One thread, control's.
class PacketTrace {
 public:
  struct Kept {
    unsigned worker;
    lb::TraceRecord record;
  };

  // workers   how many rings to make
  // epoch_ms  since 1970, at `now`
  PacketTrace(TraceRequest request, unsigned workers, lb::Now now, uint64_t epoch_ms);

  // For the snapshot, while it runs.
  [[nodiscard]] lb::TraceSpec spec() const;
  // Takes what workers left, oldest first, and ends when it is due. To be called about once a second, and at each reading.
  void advance(lb::Now now);
  // Somebody reads it.
  void note_reader(lb::Now now) { read_ms_ = now.ms; }
  void end(TraceEnd why);

  [[nodiscard]] bool runs() const { return end_ == TraceEnd::kNo; }
  [[nodiscard]] TraceEnd ended() const { return end_; }
  // It is over, and nobody reads it any more: what it holds came from clients.
  [[nodiscard]] bool may_go(lb::Now now) const { return !runs() && now.ms >= read_ms_ + kTraceKeptMs; }
  // Its number; that of a later trace, also of a later process, is larger.
  [[nodiscard]] uint64_t id() const { return began_ms_; }
  [[nodiscard]] uint64_t ends_in_ms(lb::Now now) const;
  [[nodiscard]] const TraceRequest& request() const { return request_; }
  [[nodiscard]] const std::vector<Kept>& kept() const { return kept_; }
  // Packets that it asked for and has not: a ring was full, or it had enough.
  [[nodiscard]] uint64_t not_kept() const;
  // Milliseconds since 1970. The same all along, also when the clock is set meanwhile.
  [[nodiscard]] uint64_t epoch_ms(uint64_t boot_ms) const { return boot_ms + epoch_offset_ms_; }

 private:
  void collect();

  const TraceRequest request_;
  const std::shared_ptr<lb::TraceRings> rings_;
  const uint64_t began_ms_, epoch_offset_ms_;
  uint64_t read_ms_;
  TraceEnd end_ = TraceEnd::kNo;
  std::vector<Kept> kept_;
  uint64_t surplus_ = 0;  // taken from rings when it had enough
};

}  // namespace control
