// SPDX-License-Identifier: MIT
// The part of Operations that lets an operator look at packets.
#include <algorithm>
#include <chrono>

#include "control/log.h"
#include "control/operations.h"

namespace control {
namespace {

uint64_t epoch_now_ms() {
  using namespace std::chrono;
  return static_cast<uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

void log_end(const PacketTrace& trace) {
  log_event(LogLevel::kInfo, "trace ended",
            {{"id", trace.id()},
             {"by", trace_end_name(trace.ended())},
             {"packets", trace.kept().size()},
             {"not_kept", trace.not_kept()}});
}

}  // namespace

Refused Operations::begin_trace(TraceRequest request) {
  advance_trace();
  if (trace_ && trace_->runs())
    return Refusal{Refusal::Kind::kInvalid,
                   "another trace runs, for " +
                       std::to_string((trace_->ends_in_ms(engine_.now()) + 999) / 1000) +
                       " s more; wait, or end it: cleatctl trace end"};
  const std::string former_error = publish_error_;
  const auto workers = static_cast<unsigned>(engine_.workers.size());
  const uint64_t former_id = trace_ ? trace_->id() : 0;
  lb::Now now = engine_.now();
  now.ms = std::max(now.ms, former_id + 1);
  trace_.emplace(std::move(request), workers, now, epoch_now_ms());
  if (const lb::Status published = publish(); !published) {
    trace_.reset();
    publish_error_ = former_error;
    return Refusal{Refusal::Kind::kInvalid, "no trace: " + published.error()};
  }
  log_event(LogLevel::kInfo, "trace begins",
            {{"id", trace_->id()},
             {"packets", trace_->request().packets},
             {"seconds", trace_->request().seconds},
             {"snaplen", trace_->request().filter.snaplen}});
  return std::nullopt;
}

void Operations::end_trace(uint64_t id) {
  if (!trace_ || !trace_->runs() || (id != 0 && trace_->id() != id)) return;
  trace_->end(TraceEnd::kAsked);
  log_end(*trace_);
  advance_trace();
}

const PacketTrace* Operations::read_trace(uint64_t id) {
  advance_trace();
  if (!trace_ || trace_->id() != id) return nullptr;
  trace_->note_reader(engine_.now());
  return trace();
}

void Operations::advance_trace() {
  if (!trace_) return;
  const bool ran = trace_->runs();
  trace_->advance(engine_.now());
  if (ran && !trace_->runs()) log_end(*trace_);
  if (!trace_->runs() && spec_.trace) (void)publish();
  if (trace_->may_go(engine_.now())) trace_.reset();
}

}  // namespace control
