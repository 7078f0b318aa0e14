// SPDX-License-Identifier: MIT
// Connections whose first bytes Cleat reads itself (lb/peek.h), found by the client's tuple or by number: a fixed table, shared by
// all workers. Whoever works on one holds it; client and server of one connection may come by two workers, and then one of them
// waits, some microseconds at most.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "lb/peek.h"

namespace lb {

class Peeks {
 public:
  static constexpr unsigned kWays = 8;  // places that a connection may have
  static constexpr uint32_t kDefaultCount = 4096, kMostCount = 1U << 20;

  // A connection that nobody else touches meanwhile; none, or none at the moment.
  class Held {
   public:
    Held() = default;
    Held(Held&& other) noexcept : peeks_(std::exchange(other.peeks_, nullptr)), index_(other.index_) {}
    Held& operator=(Held&& other) noexcept {
      std::swap(peeks_, other.peeks_);
      std::swap(index_, other.index_);
      return *this;
    }
    ~Held() {
      if (peeks_ != nullptr) peeks_->release(index_);
    }
    explicit operator bool() const { return peeks_ != nullptr; }
    Peek& operator*() const { return peeks_->record(index_); }
    Peek* operator->() const { return &**this; }
    [[nodiscard]] uint32_t index() const { return index_; }
    // It is over: its place is free.
    void end() && { std::exchange(peeks_, nullptr)->free(index_); }

   private:
    friend Peeks;
    Held(Peeks* peeks, uint32_t index) : peeks_(peeks), index_(index) {}
    Peeks* peeks_ = nullptr;
    uint32_t index_ = 0;
  };

  // count  a power of two, kWays..kMostCount; some 42 KB each, touched when used
  explicit Peeks(uint32_t count = kDefaultCount);
  ~Peeks();
  Peeks(const Peeks&) = delete;

  // Any worker, all of them. cost: a line of control words; a hit, a line of its record
  // hash  of client and VIP, keyed: strangers choose the tuple
  // busy  true: what may be that connection is held by another worker for longer than is waited; nothing can be said of it
  Held find(uint64_t hash, const Endpoint& client, const Endpoint& vip, bool& busy) noexcept;
  Held at(uint32_t index) noexcept;

  // A place for a new connection, its Peek as it is after construction. If all its places are taken, that of the one that has
  // been read for longest, if any: `victim` holds it then, to be ended before the call is made again.
  Held claim(uint64_t hash, Now now, Held& victim) noexcept;
  // Its first bytes are understood: nobody is put in its place any more.
  void keep(const Held& held) noexcept;

  // Somebody is there, at the moment.
  [[nodiscard]] bool is_used(uint32_t index) const noexcept {
    return index <= mask_ && controls_[index].load(std::memory_order_relaxed) != 0;
  }
  [[nodiscard]] uint32_t count() const { return mask_ + 1; }
  // In use now. Any thread.
  [[nodiscard]] uint32_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  // used 1 | held 1 | kept 1 | tick 16, at bit 16 | tag 32, at bit 32
  struct Record;
  static constexpr uint64_t kUsed = 1, kHeld = 2, kKept = 4;

  [[nodiscard]] Peek& record(uint32_t index) const noexcept;
  bool hold(uint32_t index, uint64_t bits, uint64_t wanted) noexcept;
  void release(uint32_t index) noexcept;
  void free(uint32_t index) noexcept;

  uint32_t mask_;
  std::unique_ptr<std::atomic<uint64_t>[]> controls_;
  std::unique_ptr<Record[]> records_;
  alignas(64) std::atomic<uint32_t> used_{0};
};

}  // namespace lb
