// SPDX-License-Identifier: MIT
// ICE sessions in the state segment: one record for each USERNAME that a client has, with the server that owns it, the
// addresses from which the client speaks, and the keys that prove who speaks. Shared by all workers without a lock.
//
// A record is its control word's: whoever takes it free -> busy fills it, publishes it as open, and from then on every
// change is a compare-and-swap on one word. The generation in the control word changes with each use, so that a reader
// who saw the same one before and after has read one session.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "lb/address.h"
#include "lb/flow_control.h"
#include "lb/hmac_sha1.h"
#include "lb/limits.h"
#include "lb/time.h"

namespace lb {

using SessionIndex = uint32_t;  // 26 bits
inline constexpr unsigned kMaxSessions = 1U << 24;
inline constexpr unsigned kSessionTuples = 4;
inline constexpr unsigned kSessionSsrcs = 16;
// RFC 8839 section 5.4: who sends a ufrag keeps it within 32 characters. Longer names have no session.
inline constexpr size_t kMaxSessionName = 72;

// How a session's server was found: the rungs of the ICE ladder, best first, and what is below it.
enum class Rung : uint8_t {
  kTold,   // by the API, or learned before
  kUfrag,  // the server's number in its ufrag
  kWhip,   // read from the answer of WHIP or WHEP
  kAsked,  // the one that answered a cloned request
  kHash,   // of the server's ufrag
  kTuple,  // of the client's address and port, as without any ICE
  kCount,
};
inline constexpr unsigned kRungCount = static_cast<unsigned>(Rung::kCount);
// "told", "ufrag", "whip", "asked", "hash", "tuple".
std::string_view rung_name(Rung rung) noexcept;

enum class SessionState : uint8_t { kFree = 0, kBusy = 1, kOpen = 2 };
enum class KeyState : uint8_t { kNone = 0, kWriting = 1, kThere = 2 };
// Whose ice-pwd a key was made of. The server's signs what the client sends, the client's what is sent to it.
enum class KeyOf : uint8_t { kServer = 0, kClient = 1 };

// state 2 | generation 8 | backend 12 | slot 26 | current 2 | rung 3 | server's key 2 | client's key 2     (low to high)
class SessionControl {
 public:
  constexpr SessionControl() = default;
  constexpr explicit SessionControl(uint64_t raw) : raw_(raw) {}

  [[nodiscard]] constexpr SessionState state() const { return static_cast<SessionState>(get<0, 2>()); }
  [[nodiscard]] constexpr uint8_t generation() const { return static_cast<uint8_t>(get<2, 8>()); }
  [[nodiscard]] constexpr BackendId backend() const { return static_cast<BackendId>(get<10, 12>()); }
  // kNoSlot: no client has spoken yet, or the service has none (DSR).
  [[nodiscard]] constexpr SlotIndex slot() const { return static_cast<SlotIndex>(get<22, 26>()); }
  // The tuple to which what the server sends goes.
  [[nodiscard]] constexpr unsigned current() const { return static_cast<unsigned>(get<48, 2>()); }
  [[nodiscard]] constexpr Rung rung() const { return static_cast<Rung>(get<50, 3>()); }
  [[nodiscard]] constexpr KeyState key(KeyOf whose) const {
    return static_cast<KeyState>(whose == KeyOf::kServer ? get<53, 2>() : get<55, 2>());
  }
  [[nodiscard]] constexpr uint64_t raw() const { return raw_; }
  [[nodiscard]] constexpr bool is_open() const { return state() == SessionState::kOpen; }
  [[nodiscard]] constexpr bool same_use(SessionControl other) const {
    return is_open() && other.is_open() && generation() == other.generation();
  }

  [[nodiscard]] constexpr SessionControl with(SessionState state) const {
    return set<0, 2>(static_cast<uint64_t>(state));
  }
  [[nodiscard]] constexpr SessionControl with_backend(BackendId backend) const {
    return set<10, 12>(backend);
  }
  [[nodiscard]] constexpr SessionControl with_slot(SlotIndex slot) const { return set<22, 26>(slot); }
  [[nodiscard]] constexpr SessionControl with_current(unsigned tuple) const { return set<48, 2>(tuple); }
  [[nodiscard]] constexpr SessionControl with_key(KeyOf whose, KeyState state) const {
    return whose == KeyOf::kServer ? set<53, 2>(static_cast<uint64_t>(state))
                                   : set<55, 2>(static_cast<uint64_t>(state));
  }
  // A free record for its next use.
  [[nodiscard]] constexpr SessionControl next_use(SessionState state, BackendId backend, Rung rung) const {
    return SessionControl()
        .set<0, 2>(static_cast<uint64_t>(state))
        .set<2, 8>(generation() + 1U)
        .set<10, 12>(backend)
        .set<22, 26>(kNoSlot)
        .set<50, 3>(static_cast<uint64_t>(rung));
  }

 private:
  template <unsigned kAt, unsigned kBits>
  [[nodiscard]] constexpr uint64_t get() const {
    return raw_ >> kAt & ((uint64_t{1} << kBits) - 1);
  }
  template <unsigned kAt, unsigned kBits>
  [[nodiscard]] constexpr SessionControl set(uint64_t value) const {
    constexpr uint64_t kMask = ((uint64_t{1} << kBits) - 1) << kAt;
    return SessionControl((raw_ & ~kMask) | (value << kAt & kMask));
  }
  uint64_t raw_ = 0;
};

// Whether the one behind an address has proved to be the session's client.
enum class TupleState : uint8_t { kEmpty = 0, kBusy = 1, kUnproven = 2, kProven = 3 };

// state 2 | nominated 1 | generation 13 | listener 16 | port 16 | tick 16     (low to high)
class TupleControl {
 public:
  constexpr TupleControl() = default;
  constexpr explicit TupleControl(uint64_t raw) : raw_(raw) {}
  constexpr TupleControl(TupleState state, bool nominated, unsigned generation, ListenerId listener,
                         uint16_t port, Tick tick)
      : raw_(static_cast<uint64_t>(state) | uint64_t{nominated} << 2 | uint64_t{generation & 0x1fffU} << 3 |
             uint64_t{listener} << 16 | uint64_t{port} << 32 | uint64_t{tick} << 48) {}

  [[nodiscard]] constexpr TupleState state() const { return static_cast<TupleState>(raw_ & 3); }
  [[nodiscard]] constexpr bool in_use() const { return (raw_ & 2) != 0; }
  // Its latest check had USE-CANDIDATE.
  [[nodiscard]] constexpr bool nominated() const { return (raw_ & 4) != 0; }
  [[nodiscard]] constexpr unsigned generation() const { return raw_ >> 3 & 0x1fff; }
  [[nodiscard]] constexpr ListenerId listener() const { return static_cast<ListenerId>(raw_ >> 16); }
  [[nodiscard]] constexpr uint16_t port() const { return static_cast<uint16_t>(raw_ >> 32); }
  // When a packet came from it, within the touch period.
  [[nodiscard]] constexpr Tick tick() const { return static_cast<Tick>(raw_ >> 48); }
  [[nodiscard]] constexpr uint64_t raw() const { return raw_; }
  [[nodiscard]] constexpr TupleControl emptied() const {
    return {TupleState::kEmpty, false, generation() + 1, 0, 0, 0};
  }
  // Equal but for what changes while it stays: proof, nomination and tick.
  [[nodiscard]] constexpr bool same_use(TupleControl other) const {
    return in_use() && other.in_use() && ((raw_ ^ other.raw_) & 0xffff'ffff'fff8ULL) == 0;
  }
  [[nodiscard]] constexpr TupleControl with_tick(Tick tick) const {
    return TupleControl((raw_ & 0xffff'ffff'ffffULL) | uint64_t{tick} << 48);
  }
  [[nodiscard]] constexpr TupleControl proven() const { return TupleControl(raw_ | 3); }
  [[nodiscard]] constexpr TupleControl with_nominated(bool nominated) const {
    return TupleControl((raw_ & ~uint64_t{4}) | uint64_t{nominated} << 2);
  }

 private:
  uint64_t raw_ = 0;
};

struct SessionTuple {
  std::atomic<uint64_t> control;
  std::atomic<uint64_t> high, low;  // the client's address
  std::atomic<uint64_t> pending;    // first 8 octets of the transaction that waits for its answer; 0: none
};

// 512 bytes, eight lines; a media packet touches the first at most every kTouchTicks.
struct alignas(64) Session {
  std::atomic<uint64_t> control;
  std::atomic<uint64_t> opened_ms;  // CLOCK_BOOTTIME
  std::atomic<uint32_t> moves;      // of the way back, from one tuple to another
  std::atomic<uint32_t>
      gap_ms;  // before the latest of them: silence of the old tuple, within the touch period
  std::atomic<uint32_t> longest_gap_ms;
  std::atomic<uint16_t> pool;  // the pool's `clients` id: names are a pool's own
  std::atomic<uint16_t> seen;  // tick of the latest check
  // CLOCK_BOOTTIME modulo 2^32: when it moved last; while its owner is asked for, when that was last.
  std::atomic<uint32_t> changed_ms;
  std::atomic<uint32_t> name_length;
  std::array<std::atomic<uint64_t>, kMaxSessionName / 8> name;
  std::array<SessionTuple, kSessionTuples> tuples;
  std::array<std::array<std::atomic<uint64_t>, sizeof(HmacSha1Key) / 8>, 2> keys;  // by KeyOf
  std::array<std::atomic<uint64_t>, kSessionSsrcs> ssrcs;                          // lb/session_media.h
  std::atomic<uint64_t> bytes_in, bytes_out;                                       // lb/session_bytes.h
  std::atomic<uint32_t> stream;                                                    // lb/session_stream.h
};
static_assert(sizeof(Session) == 512);

// A USERNAME by value, for whoever must look at one that may change meanwhile.
struct SessionName {
  std::array<char, kMaxSessionName> bytes;
  uint8_t length = 0;
  [[nodiscard]] std::string_view view() const { return {bytes.data(), length}; }
};

// Found by address in a session.
struct TupleFound {
  unsigned index = kSessionTuples;
  TupleControl control;
  explicit operator bool() const { return index < kSessionTuples; }
};

struct TupleAddress {
  IpAddress address;
  TupleControl control;  // port, listener
};

// A view on the array; memory lives longer. All calls from any worker.
class Sessions {
 public:
  Sessions(Session* sessions, uint32_t count) : sessions_(sessions), count_(count) {}

  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] Session& at(SessionIndex index) const { return sessions_[index]; }

  // Takes a free record at or behind `hand` and fills it. It stays busy until publish().
  // name  1..kMaxSessionName bytes
  // returns nullopt when none of kLooks records is free; `hand` goes on either way
  static constexpr unsigned kLooks = 64;
  std::optional<SessionIndex> claim(SessionIndex& hand, std::string_view name, ListenerId pool,
                                    BackendId backend, Rung rung, Now now) const noexcept;
  static void publish(Session& session) noexcept;
  // Gives a claimed record back that was not published.
  static void abandon(Session& session) noexcept;
  // Open -> free. False if another was faster.
  static bool close(Session& session, SessionControl seen) noexcept;

  // nullopt unless open.
  static std::optional<SessionControl> read(const Session& session) noexcept;
  // False if it was closed or its slot, current tuple or keys changed since `seen`, which is then what it has become.
  static bool change(Session& session, SessionControl& seen, SessionControl to) noexcept;

  static bool has_name(const Session& session, std::string_view name) noexcept;
  static SessionName name_of(const Session& session) noexcept;

  static TupleFound find_tuple(const Session& session, const IpAddress& address, uint16_t port,
                               ListenerId listener) noexcept;
  // The address of one tuple as a consistent whole; nullopt if it is not in use.
  static std::optional<TupleAddress> tuple(const Session& session, unsigned index) noexcept;
  // Puts an address into a place that is empty, or else into that of the tuple that was silent for longest; never the
  // current one. `evicted` is what it took the place of. Not in use: every place is being written just now.
  static TupleFound add_tuple(Session& session, unsigned current, const IpAddress& address, uint16_t port,
                              ListenerId listener, TupleState state, bool nominated, Tick now,
                              std::optional<TupleAddress>& evicted) noexcept;
  // Takes an address out. False if it changed since `seen`, say because it spoke.
  static bool remove_tuple(SessionTuple& tuple, TupleControl seen) noexcept;
  static bool change_tuple(SessionTuple& tuple, TupleControl& seen, TupleControl to) noexcept;

  // Writes a key once in a session's life. False if it has one, or was closed.
  static bool put_key(Session& session, SessionControl& seen, KeyOf whose, const HmacSha1Key& key) noexcept;
  // nullopt if there is none, or the session is no longer `seen`.
  static std::optional<HmacSha1Key> key(const Session& session, SessionControl seen, KeyOf whose) noexcept;

 private:
  Session* sessions_;
  uint32_t count_;
};

}  // namespace lb
