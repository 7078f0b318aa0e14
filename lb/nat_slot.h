// SPDX-License-Identifier: MIT
// NAT slots: who is behind a (LIP, protocol, local port). An array in the state segment, indexed by just that, so that
// a reply finds its client with one read on any worker.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "lb/address.h"
#include "lb/limits.h"
#include "lb/snapshot_spec.h"
#include "lb/time.h"

namespace lb {

enum class SlotState : uint8_t {
  kFree = 0,
  kProbing =
      1,  // UDP: several servers are asked who owns a session (lb/ask_owner.h); TCP: the backend has not answered the SYN
          // that Cleat sent it for a client (lb/peek.h)
  kEmbryonic =
      2,  // UDP: the backend has not answered yet, or not accepted an SRT connection (lb/srt_call.h); TCP: the client has
          // not acknowledged its answer
  kLive = 3,
  kSpliced = 4,  // of a connection that Cleat accepted itself, and joined to one to the backend (lb/seam.h)
  kQuarantine = 5,
};

// Both sides have spoken.
constexpr bool is_established(SlotState s) { return s == SlotState::kLive || s == SlotState::kSpliced; }
constexpr bool in_use(SlotState s) { return s != SlotState::kFree && s != SlotState::kQuarantine; }

// Why a slot rests before it is given out again, and how long (DESIGN: quarantine by cause).
enum class Quarantine : uint8_t {
  kNone = 0,   // RST, no answer: at once
  kBrief = 1,  // FIN first from the client: 1 s
  kTimeWait =
      2,  // FIN first from the server: 60 s towards that server (RFC 9293 section 3.6.1), 1 s towards others
  kIdle = 3,  // timed out: 1 s
  kIce =
      4,  // of a session: 35 s towards every server, for SRS knows a session by its address for 30 s of silence
};

// The control word:  state 3 | lane 1 | generation 8 | backend 12 | listener 16 | quarantine 3 | turning 1 | turns 4 | tick 16
class SlotControl {
 public:
  constexpr SlotControl() = default;
  constexpr explicit SlotControl(uint64_t raw) : raw_(raw) {}
  constexpr SlotControl(SlotState state, unsigned lane, uint8_t generation, BackendId backend,
                        ListenerId listener, Quarantine quarantine, Tick tick)
      : raw_(static_cast<uint64_t>(state) | uint64_t{lane & 1} << 3 | uint64_t{generation} << 4 |
             uint64_t{backend & 0xfffU} << 12 | uint64_t{listener} << 24 |
             static_cast<uint64_t>(quarantine) << 40 | uint64_t{tick} << 48) {}

  [[nodiscard]] constexpr SlotState state() const { return static_cast<SlotState>(raw_ & 7); }
  [[nodiscard]] constexpr unsigned lane() const { return raw_ >> 3 & 1; }
  [[nodiscard]] constexpr uint8_t generation() const { return static_cast<uint8_t>(raw_ >> 4); }
  [[nodiscard]] constexpr BackendId backend() const { return static_cast<BackendId>(raw_ >> 12 & 0xfff); }
  [[nodiscard]] constexpr ListenerId listener() const { return static_cast<ListenerId>(raw_ >> 24); }
  [[nodiscard]] constexpr Quarantine quarantine() const { return static_cast<Quarantine>(raw_ >> 40 & 7); }
  // Its idle lane is being written: nobody else may.
  [[nodiscard]] constexpr bool turning() const { return (raw_ >> 43 & 1) != 0; }
  // When the slot entered its state.
  [[nodiscard]] constexpr Tick tick() const { return static_cast<Tick>(raw_ >> 48); }
  [[nodiscard]] constexpr uint64_t raw() const { return raw_; }

  [[nodiscard]] constexpr SlotControl in_state(SlotState state, Quarantine quarantine, Tick tick) const {
    return SlotControl(
        SlotControl(state, lane(), generation(), backend(), listener(), quarantine, tick).raw() |
        (raw_ & (kTurning | kTurns)));
  }
  [[nodiscard]] constexpr SlotControl with_backend(BackendId backend) const {
    return SlotControl((raw_ & ~(uint64_t{0xfff} << 12)) | uint64_t{backend & 0xfffU} << 12);
  }
  [[nodiscard]] constexpr SlotControl begin_turn() const { return SlotControl(raw_ | kTurning); }
  // Turns are counted, so that a reader who slept through two of them does not take the lanes for unchanged.
  [[nodiscard]] constexpr SlotControl end_turn(ListenerId listener) const {
    constexpr uint64_t kListener = uint64_t{0xffff} << 24;
    return SlotControl(((raw_ & ~(kTurning | kTurns | kListener)) | ((raw_ + kOneTurn) & kTurns) |
                        uint64_t{listener} << 24) ^
                       kLane);
  }
  [[nodiscard]] constexpr SlotControl without_turn() const { return SlotControl(raw_ & ~kTurning); }
  // False once the slot was closed, and what is there now is another flow's.
  [[nodiscard]] constexpr bool same_use(SlotControl other) const {
    return in_use(state()) && in_use(other.state()) && generation() == other.generation();
  }

 private:
  static constexpr uint64_t kLane = uint64_t{1} << 3, kTurning = uint64_t{1} << 43;
  static constexpr uint64_t kOneTurn = uint64_t{1} << 44, kTurns = uint64_t{0xf} << 44;
  uint64_t raw_ = 0;
};

// Bits of NatSlot::tcp_forward and tcp_reply. Each byte is written by its own side only. The high half of tcp_forward is
// lb/silence.cc's. Of an SRT connection the two are its caller (lb/srt_call.h).
namespace slot_flag {
inline constexpr uint8_t kFin = 0x01;       // this side sent FIN
inline constexpr uint8_t kFinFirst = 0x02;  // and the other side had not
inline constexpr uint8_t kRst = 0x04;       // this side's last segment was RST
inline constexpr uint8_t kAnswered = 0x08;  // tcp_reply only: the backend answered the client's SYN
}  // namespace slot_flag

// The forward side writes forward_* and the lanes, the reply side reply_*; both the control word, by CAS.
struct alignas(64) NatSlot {
  std::atomic<uint64_t> control;
  std::atomic<uint64_t> lane_high[2];  // the client's address: write the idle lane, then flip by CAS
  std::atomic<uint64_t> lane_low[2];
  std::atomic<uint16_t> lane_port[2];  // host order
  std::atomic<uint16_t> vip_port;      // the port that the client addressed
  std::atomic<uint16_t> forward_tick;  // last touch by the client's packets, within the touch period
  std::atomic<uint16_t> reply_tick;    // likewise by the backend's
  std::atomic<uint8_t> tcp_forward;    // slot_flag
  std::atomic<uint8_t> tcp_reply;
  // A spliced TCP flow's: the number of its first byte, and how far the splice has come (lb/splice.h); 0 and 0 of others. An ICE
  // session's: bytes from its client, and to it, that its record does not count yet (lb/session_bytes.h). An SRT connection's: its
  // server's socket and cookie (lb/srt_call.h).
  std::atomic<uint32_t> splice_base_or_bytes_in;
  std::atomic<uint32_t> splice_or_bytes_out;
  // Of an ICE session: its number + 1. Of TCP: what the backend acknowledged last, modulo 2^31, and kAcknowledged. Of an SRT
  // connection: its call, and kAcknowledged (lb/srt_call.h). Else 0.
  std::atomic<uint32_t> session_or_acknowledged;
};
static_assert(sizeof(NatSlot) == 64);

inline constexpr uint32_t kAcknowledged = uint32_t{1} << 31;

// The number of the slot's ICE session + 1; 0: it has none. Any thread.
inline uint32_t session_of(const NatSlot& slot) noexcept {
  const uint32_t value = slot.session_or_acknowledged.load(std::memory_order_acquire);
  return (value & kAcknowledged) != 0 ? 0 : value;
}

// A consistent picture of one slot in use.
struct SlotView {
  SlotControl control;
  ListenerId listener = 0;  // by which the client comes
  IpAddress client;
  uint16_t client_port = 0;
  uint16_t vip_port = 0;
};

// A view on the slot array; memory lives longer.
class NatSlots {
 public:
  NatSlots(NatSlot* slots, uint32_t lips) : slots_(slots), lips_(lips) {}

  [[nodiscard]] uint32_t lips() const { return lips_; }
  [[nodiscard]] NatSlot& at(SlotIndex index) const { return slots_[index]; }
  [[nodiscard]] uint64_t size() const { return uint64_t{lips_} * kSlotsPerLip; }

  // REQUIRES: port >= kFirstLocalPort
  static constexpr SlotIndex index(LipIndex lip, Protocol protocol, uint16_t port) {
    return (lip * 2U + (protocol == Protocol::kUdp ? 1U : 0U)) * kLocalPorts + (port - kFirstLocalPort);
  }
  static constexpr LipIndex lip_of(SlotIndex index) { return static_cast<LipIndex>(index / kSlotsPerLip); }
  static constexpr uint16_t port_of(SlotIndex index) {
    return static_cast<uint16_t>(kFirstLocalPort + index % kLocalPorts);
  }
  static constexpr Protocol protocol_of(SlotIndex index) {
    return (index / kLocalPorts) % 2 == 1 ? Protocol::kUdp : Protocol::kTcp;
  }

  void prefetch(SlotIndex index) const noexcept { __builtin_prefetch(&slots_[index], 1); }

  // The slot as one consistent whole; nullopt unless it is in use. Any thread. cost: one cache line.
  static std::optional<SlotView> read(const NatSlot& slot) noexcept;

  // Fills a free slot that the caller owns. It stays free until open(). Owner only.
  static void fill(NatSlot& slot, BackendId backend, ListenerId listener, const IpAddress& client,
                   uint16_t client_port, uint16_t vip_port, Tick now) noexcept;
  // Marks a filled slot embryonic: from now on replies find it. Owner only.
  // state  kEmbryonic or kProbing
  static void open(NatSlot& slot, Tick now, SlotState state = SlotState::kEmbryonic) noexcept;
  // Both sides have spoken: embryonic -> live. Any worker.
  static void confirm(NatSlot& slot, SlotControl seen, Tick now) noexcept;
  // Another SRT connection begins on it: live -> embryonic. Any worker.
  static void begin_again(NatSlot& slot, Tick now) noexcept;
  // The owner answered: probing -> live, with it as backend. False if the slot changed since `seen`. Any worker.
  static bool pin(NatSlot& slot, SlotControl& seen, BackendId owner, Tick now) noexcept;
  // A connection of Cleat's to the backend is joined to its client's: probing -> spliced. False if the slot changed since `seen`.
  static bool join(NatSlot& slot, SlotControl seen, Tick now) noexcept;
  // Replies go to another address of the same client from now on. False if the slot changed since `seen`, or another
  // worker turns it just now. Any worker.
  // listener  by which the client comes from there
  static bool turn(NatSlot& slot, SlotControl seen, const IpAddress& client, uint16_t client_port,
                   ListenerId listener) noexcept;
  // Out of use: -> quarantine. False if the slot changed since `seen`. Owner only.
  static bool close(NatSlot& slot, SlotControl seen, Quarantine cause, Tick now) noexcept;

  // Notes what a TCP segment's flags say about the end of its flow. `own` and `other` are the slot's two flag bytes.
  static void note_tcp(std::atomic<uint8_t>& own, const std::atomic<uint8_t>& other,
                       uint8_t tcp_flags) noexcept;

  // The backend answered the client's SYN. The client may be a forgery until it acknowledges that.
  static void note_answer(NatSlot& slot) noexcept {
    const uint8_t before = slot.tcp_reply.load(std::memory_order_relaxed);
    if (!(before & slot_flag::kAnswered))
      slot.tcp_reply.store(before | slot_flag::kAnswered, std::memory_order_relaxed);
  }

  // True if the flow on this slot is over: both sides sent FIN, or one RST. REQUIRES: it is of TCP
  static bool is_closed(const NatSlot& slot) noexcept;

 private:
  NatSlot* slots_;
  uint32_t lips_;
};

inline std::optional<SlotView> NatSlots::read(const NatSlot& slot) noexcept {
  uint64_t before = slot.control.load(std::memory_order_acquire);
  for (;;) {
    SlotView view;
    view.control = SlotControl(before);
    if (!in_use(view.control.state())) return std::nullopt;
    view.listener = view.control.listener();
    const unsigned lane = view.control.lane();
    view.client = IpAddress::of_words(slot.lane_high[lane].load(std::memory_order_acquire),
                                      slot.lane_low[lane].load(std::memory_order_acquire));
    view.client_port = slot.lane_port[lane].load(std::memory_order_acquire);
    view.vip_port = slot.vip_port.load(std::memory_order_acquire);
    const uint64_t after = slot.control.load(std::memory_order_acquire);
    if (after == before) return view;
    before = after;
  }
}

}  // namespace lb
