// SPDX-License-Identifier: MIT
#include "control/check_queue.h"

#include "control/log.h"

namespace control {
namespace {

// A check that waited longer than this tells of too few at once.
constexpr std::chrono::seconds kLate{1};

}  // namespace

CheckQueue::Place CheckQueue::enter(std::function<void()> begin) {
  const uint64_t number = ++last_number_;
  if (running_ < at_once_ && waiting_.empty()) {
    ++running_;
    begin();
  } else {
    waiting_.emplace(number, Waiting{std::move(begin), Clock::now()});
  }
  return {this, number};
}

void CheckQueue::set_at_once(size_t at_once) {
  at_once_ = at_once;
  let_in_soon();
}

void CheckQueue::leave(uint64_t number) {
  if (waiting_.erase(number) > 0) return;
  --running_;
  let_in_soon();
}

// Not at once: who leaves may be one of many that go, and those behind him in the queue next.
void CheckQueue::let_in_soon() {
  if (waiting_.empty()) return;
  boost::asio::post(io_, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) let_in();
  });
}

void CheckQueue::let_in() {
  while (running_ < at_once_ && !waiting_.empty()) {
    const Waiting next = std::move(waiting_.extract(waiting_.begin()).mapped());
    ++running_;
    note_delay(Clock::now() - next.since);
    next.begin();
  }
}

void CheckQueue::note_delay(Clock::duration waited) {
  if (!late_ && waited > kLate)
    log_event(LogLevel::kWarning, what_ + " late",
              {{"at_once", at_once_},
               {"waiting", waiting_.size() + 1},
               {"waited_ms", std::chrono::duration_cast<std::chrono::milliseconds>(waited).count()}});
  else if (late_ && waiting_.empty() && waited <= kLate)
    log_event(LogLevel::kInfo, what_ + " in time", {{"at_once", at_once_}});
  else
    return;
  late_ = !late_;
}

}  // namespace control
