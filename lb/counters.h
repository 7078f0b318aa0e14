// SPDX-License-Identifier: MIT
// Per-worker counters: one writer (the worker), any number of readers, summed on read.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "lb/drop_reason.h"
#include "lb/limits.h"
#include "lb/move_refusal.h"
#include "lb/peek_end.h"
#include "lb/quic_lb.h"
#include "lb/rtmp_fault.h"
#include "lb/session.h"
#include "lb/stage.h"

namespace lb {

// A number with a single writer. Plain loads and stores on x86; atomic so that readers race with nobody.
class Counter {
 public:
  void add(uint64_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  [[nodiscard]] uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

struct PortCounters {
  Counter rx_packets, rx_bytes;
  Counter tx_packets, tx_bytes;  // forwarded frames and frames of Cleat's own
  Counter punted;                // to the kernel
  Counter from_kernel;           // from the kernel's tap to the wire
};

// Traffic of one service or one backend. "in" is client to
// server, "out" server to client. Bytes are frame bytes.
struct TrafficCounters {
  Counter packets_in, bytes_in, packets_out, bytes_out;
  Counter flows_opened, flows_closed;  // open now = opened - closed, summed over workers
};

// What the traffic itself says of one backend: reasons to check it.
struct FailureCounters {
  Counter refused;      // resets instead of an answer to a SYN
  Counter unanswered;   // SYNs that had to be repeated, first datagrams of flows that had no answer
  Counter unreachable;  // ICMP errors that say so
};

// Sessions of services with `affinity: ice`.
struct IceCounters {
  // Upper ends of the histogram of gaps, in ms; the last one has none. Gaps are multiples of the touch period, 250 ms.
  static constexpr std::array<uint32_t, 7> kGapMs = {250, 500, 1000, 2000, 3000, 5000, 10000};

  std::array<Counter, kRungCount> sessions;  // opened, by the rung that found their server
  Counter learned, not_learned;              // by WHIP: sessions it named, those for which no room was
  Counter conflicts;  // names that WHIP gave to another server than the one they have: nothing changed
  Counter attached;   // addresses that joined a session beside its first
  // Moves of the way back to another address: by a check signed with the server's password or, where the servers check
  // that, by their answer; by a signed answer to a challenge; by any answer to one, when no password was known.
  Counter moves_proven, moves_challenged, moves_provisional;
  std::array<Counter, kMoveRefusalNames.size()> moves_refused;  // by MoveRefusal
  Counter challenges, challenges_withheld;                      // sent; not sent, for a budget was used up
  Counter asked, asks_refused;  // requests sent to find an owner; checks that no budget was left for
  Counter pushed_out;           // sessions that no server had answered, for younger ones
  Counter bridged;              // packets of an unproven address that went to a server
  std::array<Counter, kGapMs.size() + 1> gaps;  // of these moves: silence of the former address
  Counter gap_ms_sum;

  void refuse(MoveRefusal why) noexcept { moves_refused[static_cast<unsigned>(why)].add(1); }
  void gap(uint32_t ms) noexcept {
    unsigned i = 0;
    while (i < kGapMs.size() && ms > kGapMs[i]) ++i;
    gaps[i].add(1);
    gap_ms_sum.add(ms);
  }
};

// Connections of services with `affinity: stream`, that Cleat accepts itself (lb/peek.h).
struct PeekCounters {
  Counter syns;            // answered
  Counter began;           // clients that said something
  Counter joined;          // to a server
  Counter repeated;        // times that something of Cleat's own was sent again
  Counter later_requests;  // of streams, on connections that are joined already
  Counter led_elsewhere;   // of them: the connection was reset, for another server has the stream
  Counter bytes;           // of clients and servers that were read; a joined connection adds none
  std::array<Counter, kPeekEndNames.size()> ends;  // by PeekEnd
  std::array<Counter, static_cast<size_t>(RtmpFault::kCount)>
      rtmp_faults;  // why RTMP was not understood, or differs
};

// Connections of services with `affinity: srt` (lb/srt_client.h).
struct SrtCounters {
  Counter inductions;  // of callers, answered
  Counter asked;       // INDUCTIONs sent to servers
  Counter opened;      // accepted by a server
  Counter refused;     // refused by one
  Counter moved;       // to another address of the client's
  Counter
      unmovable;  // opened, and would not be found by their socket: two servers gave the same number, or no room
};

// What a worker's time went into, in cycles of its caller's clock (dataplane: the TSC).
struct LoadCounters {
  // Upper ends of the histogram of frames in a burst; the last one has none.
  static constexpr std::array<uint32_t, 5> kFrames = {1, 4, 8, 16, 31};

  // By round of all queues: those that found a frame, and those that found none. Together with the rests between
  // rounds that is all the time since the worker began.
  Counter busy_cycles, polling_cycles, resting_cycles;
  std::array<Counter, kFrames.size() + 1> bursts;        // received from the wire, by their frames
  std::array<Counter, kStageNames.size()> stage_cycles;  // by Stage, of the bursts that were timed
  Counter timed_packets;                                 // frames of these bursts

  // frames  1..kMaxBurst
  void burst(unsigned frames) noexcept {
    unsigned i = 0;
    while (i < kFrames.size() && frames > kFrames[i]) ++i;
    bursts[i].add(1);
  }
};

// Conservation, for each worker: rx = tx - emitted + dropped + punted + consumed + held now. Frames of the kernel's stand
// apart: from_kernel, and the drop reason kernel_tx_full.
struct WorkerCounters {
  std::array<PortCounters, kMaxPorts> ports;
  std::array<Counter, kDropReasonCount> drops;
  Counter consumed;                // ARP and ND that spoke to Cleat itself
  Counter emitted;                 // frames of Cleat's own (ARP, ND, ICMP, ...), part of tx
  Counter icmp_sent;               // of these, ICMP errors that Cleat itself found reason for
  Counter icmp_relayed;            // and ICMP errors of others that were passed on
  Counter flow_hits, flow_misses;  // look-ups of the flow table by packets of a service
  Counter relocations;             // entries moved to make room
  Counter resets;                  // TCP flows that were reset because their backend is silent
  Counter held;                    // frames parked for a next hop
  std::array<Counter, kQuicLbConfigCount>
      cid_routed;  // packets by the config id of their routable connection id
  std::array<Counter, kUnroutableCount> cid_unroutable;  // and those without one, by Unroutable
  Counter
      cid_moves;  // flows that a connection id opened: a client came by another tuple, or a tuple got another server
  IceCounters ice;
  PeekCounters peeks;
  SrtCounters srt;
  LoadCounters load;
  Counter busy_bursts, idle_polls;  // polls that returned frames, and those that returned none

  // Indexed by ServiceId (kServiceGone included) and BackendId.
  std::unique_ptr<TrafficCounters[]> services{new TrafficCounters[kMaxServices + 1]};
  std::unique_ptr<TrafficCounters[]> backends{new TrafficCounters[kMaxBackends]};
  std::unique_ptr<FailureCounters[]> failures{new FailureCounters[kMaxBackends]};  // by BackendId
};

}  // namespace lb
