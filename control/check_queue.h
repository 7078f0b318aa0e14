// SPDX-License-Identifier: MIT
// How many health checks are under way at once. The others wait in a queue, first come, first served: each backend has
// one place in it at most, so none can starve.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "control/asio.h"

namespace control {

// One thread, that of the io_context. Logs once when checks begin to come late, and once when they are in time again.
class CheckQueue {
 public:
  // at_once  > 0
  // what     is checked, for the log
  CheckQueue(boost::asio::io_context& io, size_t at_once, std::string what = "health checks")
      : io_(io), what_(std::move(what)), at_once_(at_once) {}

  // A check that waits or is under way. What is given up leaves the queue, or makes room for the next.
  class Place {
   public:
    Place() = default;
    Place(CheckQueue* queue, uint64_t number) : queue_(queue), number_(number) {}
    Place(Place&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)), number_(other.number_) {}
    Place& operator=(Place&& other) noexcept {
      give_up();
      queue_ = std::exchange(other.queue_, nullptr);
      number_ = other.number_;
      return *this;
    }
    ~Place() { give_up(); }
    void give_up() {
      if (CheckQueue* queue = std::exchange(queue_, nullptr)) queue->leave(number_);
    }
    [[nodiscard]] explicit operator bool() const { return queue_ != nullptr; }

   private:
    CheckQueue* queue_ = nullptr;
    uint64_t number_ = 0;
  };

  // begin   called once there is room, perhaps from within this call; not once the place is given up
  // returns the place; must not outlive the queue
  [[nodiscard]] Place enter(std::function<void()> begin);

  // Of a smaller number those under way end as they would.
  void set_at_once(size_t at_once);

  [[nodiscard]] size_t at_once() const { return at_once_; }
  [[nodiscard]] size_t running() const { return running_; }
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    std::function<void()> begin;
    Clock::time_point since;
  };

  void leave(uint64_t number);
  void let_in();
  void let_in_soon();
  void note_delay(Clock::duration waited);

  boost::asio::io_context& io_;
  const std::string what_;
  size_t at_once_, running_ = 0;
  uint64_t last_number_ = 0;
  std::map<uint64_t, Waiting> waiting_;  // by number, which is the order of arrival
  bool late_ = false;
  const std::shared_ptr<char> alive_ = std::make_shared<char>();  // posted calls hold it weakly
};

}  // namespace control
