// SPDX-License-Identifier: MIT
// Frames that wait for their next hop's MAC address (RFC 1122 section 2.3.2.2), or for the first piece of their datagram: bounded, in
// order, one worker's.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>

#include "lb/frame.h"

namespace dataplane {

class HoldQueue {
 public:
  static constexpr unsigned kCapacity = 512;  // frames of one worker, all next hops together
  static constexpr unsigned kPerNextHop =
      128;  // so that one dead host, or a flood of pieces, does not fill it

  struct Held {
    rte_mbuf* mbuf;
    lb::Verdict verdict;
  };

  // False when it is full, or full for this next hop: the mbuf stays the caller's.
  bool push(rte_mbuf* mbuf, const lb::Verdict& verdict) noexcept {
    if (count_ == kCapacity) return false;
    unsigned same = 0;
    for (unsigned i = 0; i < count_; ++i)
      same += held_[i].verdict.next_hop == verdict.next_hop && held_[i].verdict.port == verdict.port ? 1 : 0;
    if (same >= kPerNextHop) return false;
    held_[count_++] = {mbuf, verdict};
    return true;
  }

  // Calls take(held) for each, oldest first; those for which it returns false stay, in order, as it left them.
  template <typename Take>
  void retry(Take&& take) noexcept {
    unsigned kept = 0;
    for (unsigned i = 0; i < count_; ++i)
      if (!take(held_[i])) held_[kept++] = held_[i];
    count_ = kept;
  }

  [[nodiscard]] bool empty() const { return count_ == 0; }

 private:
  std::array<Held, kCapacity> held_;
  unsigned count_ = 0;
};

}  // namespace dataplane
