// SPDX-License-Identifier: MIT
// One worker's own state between bursts: nothing in it is
// shared except through the segment and the neighbours.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "lb/asks.h"
#include "lb/counters.h"
#include "lb/fragments.h"
#include "lb/frame.h"
#include "lb/neighbours.h"
#include "lb/packet.h"
#include "lb/path_mtu.h"
#include "lb/peeks.h"
#include "lb/roamers.h"
#include "lb/room_search.h"
#include "lb/segment.h"
#include "lb/slot_share.h"
#include "lb/unanswered.h"
#include "lb/whip_offers.h"
#include "lb/whip_reader.h"

namespace lb {

struct Worker {
  // segment, neighbours, offers, path_mtus, peeks and counters outlive the worker.
  // index, count  this worker of how many: its share of slots and buckets. Recomputed at each start
  // macs          the ports' own MAC addresses, by PortIndex
  Worker(Segment& segment, Neighbours& neighbours, WhipOffers& offers, PathMtus& path_mtus, Peeks& peeks,
         WorkerCounters& counters, unsigned index, unsigned count,
         const std::array<MacAddress, kMaxPorts>& macs);

  Segment& segment;
  Neighbours& neighbours;
  WhipOffers& offers;
  PathMtus& path_mtus;
  Peeks& peeks;
  WorkerCounters& counters;
  const unsigned index;
  const unsigned count;
  const std::array<MacAddress, kMaxPorts> macs;
  std::array<uint16_t, kMaxPorts>
      mtus;  // largest IP packet that a port sends; kDefaultMtu until the owner says otherwise

  OutFrames out;    // drained by the caller after each process() and resume()
  SlotShare slots;  // candidates for new NAT flows
  WhipReader whip;
  Roamers roamers;
  Asks asks;
  Unanswered unanswered;
  Fragments fragments;
  // A second: ICMP errors of Cleat's own, and those of others. Apart, so that nobody who sends what is answered keeps word of path
  // MTUs from the others.
  Budget icmp_answers{1000}, icmp_relays{1000};
  static constexpr uint32_t kSrtGuesses = 4000;
  Budget srt_guesses{kSrtGuesses};  // a second: sockets that packets named and nobody has (lb/srt_roam.h)
  const HmacSha1Key challenge_key;  // secret, one for all workers: an answer may come to another
  SessionIndex free_session;        // where the search for a free one goes on
  uint64_t random_state;            // least-load's choices
  std::unique_ptr<uint32_t[]> wrr_position;  // by pool index
  std::array<RoomSearch, 2> room_search;     // of the narrow table, of the wide one
  uint16_t ip_id = 0;                        // the last one of a packet that was translated to IPv4

  // Next hops resolved within the current millisecond.
  struct CachedHop {
    uint64_t ms = 0;
    IpAddress address;
    MacAddress mac;
    PortIndex port = 0;
  };
  static constexpr unsigned kCachedHops = 256;
  std::array<CachedHop, kCachedHops> hops;
  // The place of an address among them.
  CachedHop& hop_of(const IpAddress& address) noexcept {
    return hops[(address.low() >> 56 ^ address.low() >> 48) % kCachedHops];
  }

  // Where the paced sweeps stand.
  struct Hand {
    uint64_t at = 0, due = 0;
  };
  Hand narrow_hand, wide_hand, sessions_hand;
  // lb/silence.h
  struct SilencePass {
    uint64_t at = 0;
    uint64_t began_ms = 0, next_ms = 0;
  };
  SilencePass silence;
  uint64_t peek_hand = 0;
  uint64_t swept_ms = 0;
  uint64_t evicted_ms = 0;
  uint64_t neighbours_swept_ms = 0;

  // Gives the verdict and counts it.
  void drop(Packet& packet, Verdict& verdict, DropReason reason) noexcept {
    packet.kind = Kind::kDone;
    verdict.action = Action::kDrop;
    verdict.reason = reason;
    counters.drops[static_cast<unsigned>(reason)].add(1);
  }
  // Likewise: it spoke to Cleat itself.
  void consume(Packet& packet, Verdict& verdict) noexcept {
    packet.kind = Kind::kDone;
    verdict.action = Action::kConsumed;
    counters.consumed.add(1);
  }
};

}  // namespace lb
