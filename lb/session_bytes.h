// SPDX-License-Identifier: MIT
// How much an ICE session carried in `nat`: bytes of frames, from its client and to it. Each packet adds to its slot, whose
// line it has anyway or finds prefetched; once a touch period the slot's sums go to the session's record.
#pragma once

#include "lb/nat_slot.h"
#include "lb/session.h"

namespace lb {

struct SessionBytes {
  uint64_t in = 0, out = 0;
};

// Any worker. No atomic addition: what two workers add in the same instant, of a session that is just moving, may be
// counted once. cost: a load and a store
inline void count_bytes(std::atomic<uint32_t>& sum, uint32_t length) noexcept {
  sum.store(sum.load(std::memory_order_relaxed) + length, std::memory_order_relaxed);
}

inline void move_bytes(NatSlot& slot, Session& session) noexcept {
  session.bytes_in.fetch_add(slot.splice_base_or_bytes_in.exchange(0, std::memory_order_relaxed),
                             std::memory_order_relaxed);
  session.bytes_out.fetch_add(slot.splice_or_bytes_out.exchange(0, std::memory_order_relaxed),
                              std::memory_order_relaxed);
}

// All so far. slot  the session's. Any thread
inline SessionBytes bytes_of(const Session& session, const NatSlot& slot) noexcept {
  return {session.bytes_in.load(std::memory_order_relaxed) +
              slot.splice_base_or_bytes_in.load(std::memory_order_relaxed),
          session.bytes_out.load(std::memory_order_relaxed) +
              slot.splice_or_bytes_out.load(std::memory_order_relaxed)};
}

}  // namespace lb
