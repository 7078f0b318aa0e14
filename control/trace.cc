// SPDX-License-Identifier: MIT
#include "control/trace.h"

#include <algorithm>

namespace control {

std::string_view trace_end_name(TraceEnd end) {
  switch (end) {
    case TraceEnd::kNo:
      return "";
    case TraceEnd::kPackets:
      return "packets";
    case TraceEnd::kSeconds:
      return "seconds";
    case TraceEnd::kUnread:
      return "unread";
    case TraceEnd::kAsked:
      return "asked";
  }
  return "";
}

PacketTrace::PacketTrace(TraceRequest request, unsigned workers, lb::Now now, uint64_t epoch_ms)
    : request_(std::move(request)),
      rings_(std::make_shared<lb::TraceRings>(workers, request_.packets)),
      began_ms_(now.ms),
      epoch_offset_ms_(epoch_ms - now.ms),
      read_ms_(now.ms) {}

lb::TraceSpec PacketTrace::spec() const { return {request_.filter, request_.service, rings_}; }

void PacketTrace::advance(lb::Now now) {
  collect();
  if (!runs()) return;
  if (kept_.size() >= request_.packets)
    end_ = TraceEnd::kPackets;
  else if (now.ms >= began_ms_ + uint64_t{request_.seconds} * 1000)
    end_ = TraceEnd::kSeconds;
  else if (now.ms >= read_ms_ + kTraceUnreadMs)
    end_ = TraceEnd::kUnread;
}

void PacketTrace::end(TraceEnd why) {
  collect();
  if (runs()) end_ = why;
}

uint64_t PacketTrace::ends_in_ms(lb::Now now) const {
  const uint64_t due = began_ms_ + uint64_t{request_.seconds} * 1000;
  return runs() && due > now.ms ? due - now.ms : 0;
}

// What each worker left is in its order; between workers the time decides.
void PacketTrace::collect() {
  std::vector<Kept> came;
  for (unsigned worker = 0; worker < rings_->count(); ++worker)
    for (Kept next{worker, {}}; rings_->of(worker).take(next.record);) came.push_back(next);
  std::stable_sort(came.begin(), came.end(),
                   [](const Kept& a, const Kept& b) { return a.record.ms < b.record.ms; });
  const size_t room = request_.packets - std::min<size_t>(kept_.size(), request_.packets);
  const size_t taken = std::min(came.size(), room);
  kept_.insert(kept_.end(), came.begin(), came.begin() + static_cast<ptrdiff_t>(taken));
  surplus_ += came.size() - taken;
}

uint64_t PacketTrace::not_kept() const {
  uint64_t missed = surplus_;
  for (unsigned worker = 0; worker < rings_->count(); ++worker) missed += rings_->of(worker).missed();
  return missed;
}

}  // namespace control
