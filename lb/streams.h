// SPDX-License-Identifier: MIT
// Which server has which stream, in the state segment: for as long as a connection that published or played it lives, and a minute
// longer, or as long as somebody says so who knows. Shared by all workers and control.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>

#include "lb/limits.h"
#include "lb/stream_key.h"
#include "lb/time.h"

namespace lb {

using StreamIndex = uint32_t;
inline constexpr uint32_t kMostStreams = 1U << 23;

// What a connection keeps of its stream, in 27 bits: index 24 | low bits of the generation 3, so that it does not take another stream
// for its own that has the place by now.
using StreamPlace = uint32_t;
inline constexpr unsigned kStreamPlaceBits = 27, kStreamIndexBits = 24;
inline constexpr StreamPlace kNoStream = (1U << kStreamPlaceBits) - 1;

// Which of its connections publishes a stream, in 15 bits; may be another's by chance.
using Publisher = uint16_t;
inline constexpr Publisher kNoPublisher = 0;  // not known, or not by a connection

// state 2 | backend 12 | pool 16 | length 8 | generation 8 | tag 18     (low to high)
class StreamControl {
 public:
  enum class State : uint8_t { kFree, kBusy, kOpen };

  constexpr StreamControl() = default;
  constexpr explicit StreamControl(uint64_t raw) : raw_(raw) {}
  constexpr StreamControl(State state, BackendId backend, ListenerId pool, uint8_t length, uint8_t generation,
                          uint32_t tag)
      : raw_(static_cast<uint64_t>(state) | uint64_t{backend & 0xfffU} << 2 | uint64_t{pool} << 14 |
             uint64_t{length} << 30 | uint64_t{generation} << 38 | uint64_t{tag & 0x3ffffU} << 46) {}

  [[nodiscard]] constexpr State state() const { return static_cast<State>(raw_ & 3); }
  [[nodiscard]] constexpr bool is_open() const { return state() == State::kOpen; }
  [[nodiscard]] constexpr BackendId backend() const { return static_cast<BackendId>(raw_ >> 2 & 0xfff); }
  [[nodiscard]] constexpr ListenerId pool() const { return static_cast<ListenerId>(raw_ >> 14); }
  [[nodiscard]] constexpr uint8_t length() const { return static_cast<uint8_t>(raw_ >> 30); }
  [[nodiscard]] constexpr uint8_t generation() const { return static_cast<uint8_t>(raw_ >> 38); }
  [[nodiscard]] constexpr uint32_t tag() const { return static_cast<uint32_t>(raw_ >> 46); }
  [[nodiscard]] constexpr uint64_t raw() const { return raw_; }
  [[nodiscard]] constexpr StreamPlace place(StreamIndex index) const {
    return index | (generation() & 7U) << kStreamIndexBits;
  }
  [[nodiscard]] constexpr StreamControl with(State state) const {
    return StreamControl((raw_ & ~uint64_t{3}) | static_cast<uint64_t>(state));
  }
  [[nodiscard]] constexpr StreamControl with_backend(BackendId backend) const {
    return StreamControl((raw_ & ~(uint64_t{0xfff} << 2)) | uint64_t{backend & 0xfffU} << 2);
  }

 private:
  uint64_t raw_ = 0;
};

// A stream as one consistent whole.
struct StreamView {
  StreamIndex index = 0;
  StreamControl control;
  StreamKey key;
  bool published =
      false;  // a connection that publishes it was there within kPublishedTicks, or a server says that it has it
  Tick seen = 0;  // when one of its connections was last there

  [[nodiscard]] StreamPlace place() const { return control.place(index); }
};

struct alignas(64) StreamRecord {
  std::atomic<uint64_t> control;
  std::atomic<uint32_t> seen;       // kSeen | tick
  std::atomic<uint32_t> published;  // likewise, by who publishes it | Publisher << 17
  std::array<std::atomic<uint64_t>, 32> text;
};
static_assert(sizeof(StreamRecord) == 320);

// A view on the records; memory lives longer. All calls from any thread.
class Streams {
 public:
  static constexpr unsigned kWays = 8;
  static constexpr uint16_t kForgetTicks = ticks_of_s(60);
  // Slots are swept every 4 s; a publisher that is gone for longer may have gone to another server.
  static constexpr uint16_t kPublishedTicks = ticks_of_s(10);

  // count  a power of two, kWays..kMostStreams;  seed  secret: strangers choose names
  Streams(StreamRecord* records, uint32_t count, uint64_t seed)
      : records_(records), mask_(count - 1), seed_(seed) {}

  // pool     its `clients` id: keys are a pool's own
  // returns  nullopt: not known, or forgotten
  // cost     a hash of the key; a line of each of eight records, and of one that fits its text
  [[nodiscard]] std::optional<StreamView> find(ListenerId pool, const StreamKey& key, Now now) const noexcept;
  // As find(), with `backend` for one that is not known. nullopt: no room.
  std::optional<StreamView> learn(ListenerId pool, const StreamKey& key, BackendId backend, Now now) noexcept;
  // Its next connections go to another server. False if it changed since it was seen.
  bool move(const StreamView& seen, BackendId backend) noexcept;
  void forget(const StreamView& seen) noexcept;
  // One of its connections is there. Nothing happens if another stream has the place, or none.
  // publisher  of several at once the first counts, until it is gone
  void touch(StreamPlace place, bool publishes, Now now, Publisher publisher = kNoPublisher) noexcept;
  // That publisher is gone, and with it the stream; or it may come again within kPublishedTicks, if no other one takes its place.
  // Nothing happens if it was not the one.
  void end_publisher(StreamPlace place, Publisher publisher) noexcept;
  void leave_publisher(StreamPlace place, Publisher publisher) noexcept;

  [[nodiscard]] uint32_t count() const { return mask_ + 1; }
  [[nodiscard]] std::optional<StreamView> read(StreamIndex index, Now now) const noexcept;
  // nullopt: it is forgotten; its place may be another's.
  [[nodiscard]] std::optional<StreamView> at(StreamPlace place, Now now) const noexcept;
  // What a killed process left half written is freed. Before anybody else is at work.
  void mend() noexcept;

 private:
  [[nodiscard]] std::optional<StreamView> view(StreamIndex index, StreamControl control,
                                               Now now) const noexcept;
  void replace_publisher(StreamPlace place, Publisher publisher, uint32_t kept) noexcept;
  template <typename Visit>
  void among(uint64_t hash, Visit&& visit) const noexcept;

  StreamRecord* records_;
  uint32_t mask_;
  uint64_t seed_;
};

}  // namespace lb
