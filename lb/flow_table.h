// SPDX-License-Identifier: MIT
// The flow table: from a key to a backend and a slot, shared by all workers without a lock, in the state segment.
//
// A key hashes to two buckets of one cache line each; it lies in one of them. An entry is its key and a control word
// (lb/flow_control.h). After cuckoo hashing (Pagh and Rodler 2001) with lines as buckets (Erlingsson et al. 2006); what
// is shared follows four rules:
//  - Insert: CAS control empty -> busy, write the key, publish as live. Nobody else touches a busy entry.
//  - Read: key, control, key again, control again; the generation in the control word changes with each use of a place.
//  - Refresh, repoint and remove are CAS on the control word only.
//  - A relocation marks the entry as moving, so that it is the only one of it, publishes the copy, counts the region's
//    moves up, then removes the original. A miss is believed only if that counter stood still during the search.
// Two workers may insert one key at once: after publishing each looks again, and the copy later in probe order
// withdraws. A duplicate that survives is legal: the first in probe order is the answer, and remove takes all.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lb/flow_control.h"
#include "lb/hash.h"

namespace lb {

// Narrow: IPv4 client and a listener of one port. 16-byte entries, four to a bucket.
// Wide: IPv6 client, or a listener of many ports. 32-byte entries, two to a bucket.
inline constexpr unsigned kNarrowWords = 1;
inline constexpr unsigned kWideWords = 3;

template <unsigned kWords>
class FlowTable {
 public:
  using Key = std::array<uint64_t, kWords>;

  struct Entry {
    std::array<std::atomic<uint64_t>, kWords> key;
    std::atomic<uint64_t> control;
  };
  static constexpr unsigned kWays = 64 / sizeof(Entry);
  struct alignas(64) Bucket {
    std::array<Entry, kWays> entries;
  };
  static_assert(sizeof(Bucket) == 64);

  // Moves are counted by region of the hash, so that a move seldom disturbs a search for another key.
  static constexpr unsigned kRegions = 1024;
  // Longest chain of relocations for one insert. Two-entry buckets need longer chains than four-entry ones for no
  // refusal at 80 % load.
  static constexpr unsigned kMaxMoves = kWays == 4 ? 2 : 6;

  // A view on memory that lives longer: zeroed when new.
  // count  buckets, a power of two, 2..2^28
  FlowTable(Bucket* buckets, uint64_t count, std::atomic<uint32_t>* moves, uint64_t seed)
      : buckets_(buckets), mask_(count - 1), moves_(moves), seed_(seed) {}

  [[nodiscard]] uint64_t hash(const Key& key) const noexcept {
    if constexpr (kWords == 1)
      return hash_word(key[0], seed_);
    else
      return hash_words(key[0], key[1], key[2], seed_);
  }
  void prefetch(uint64_t hash) const noexcept {
    __builtin_prefetch(&buckets_[first(hash)]);
    __builtin_prefetch(&buckets_[second(hash)]);
  }

  struct Found {
    std::atomic<uint64_t>* place = nullptr;  // null: not there
    FlowControl control;                     // as it was read, state live
    explicit operator bool() const { return place != nullptr; }
  };
  // hash  of the key, by hash()
  // cost  one or two cache lines
  [[nodiscard]] Found find(const Key& key, uint64_t hash) const noexcept {
    const Found found = glance(key, hash);
    return found ? found : find_missed(key, hash);
  }
  // The two halves of find(). A glance may miss a key that another worker moves at that moment.
  [[nodiscard]] Found glance(const Key& key, uint64_t hash) const noexcept {
    const Found found = search(buckets_[first(hash)], key);
    return found ? found : search(buckets_[second(hash)], key);
  }
  // REQUIRES: glance() missed before; however long ago
  [[nodiscard]] Found find_missed(const Key& key, uint64_t hash) const noexcept;

  enum class Outcome : uint8_t { kInserted, kDuplicate, kFull };
  struct Inserted {
    Outcome outcome = Outcome::kFull;
    Found found;         // the new entry, or for kDuplicate the one that was there first
    unsigned moves = 0;  // entries relocated on the way
  };
  // may_move  whether others may be moved to make room, which costs up to a microsecond when there is none
  // REQUIRES: find() missed just before (a duplicate inserted meanwhile is found).
  [[nodiscard]] Inserted insert(const Key& key, uint64_t hash, SlotIndex slot, BackendId backend, Tick now,
                                bool may_move = true) noexcept;

  // Each is one CAS on the control word: false when another worker changed the entry since `found` was read.
  static bool refresh(const Found& found, Tick now) noexcept;
  static bool repoint(Found& found, SlotIndex slot, BackendId backend, Tick now) noexcept;
  static bool remove(const Found& found) noexcept;
  // Removes every copy of the key that names `slot`. Returns how many.
  unsigned remove_all(const Key& key, uint64_t hash, SlotIndex slot) noexcept;

  [[nodiscard]] uint64_t buckets() const { return mask_ + 1; }
  [[nodiscard]] uint64_t capacity() const { return buckets() * kWays; }
  // Calls visit(key, found) for each live entry of one bucket. Keys are read as in find().
  template <typename Visit>
  void visit(uint64_t bucket, Visit&& visit) const {
    for (Entry& entry : buckets_[bucket].entries) {
      Key key;
      const Found found = read(entry, key);
      if (found) visit(key, found);
    }
  }
  // Empties every busy entry and ends every relocation. Returns how many were busy.
  // REQUIRES: no other worker is at work.
  uint64_t clear_busy() noexcept;

 private:
  [[nodiscard]] uint64_t first(uint64_t hash) const { return hash & mask_; }
  [[nodiscard]] uint64_t second(uint64_t hash) const {
    const uint64_t other = (hash >> 32) & mask_;
    return other == first(hash) ? other ^ 1 : other;
  }
  [[nodiscard]] std::atomic<uint32_t>& moves(uint64_t hash) const {
    return moves_[hash >> 54 & (kRegions - 1)];
  }

  static Found read(Entry& entry, Key& key) noexcept;
  static Found match(Entry& entry, const Key& key) noexcept {
    Key seen;
    const Found found = read(entry, seen);
    return found && seen == key ? found : Found{};
  }
  // The entry's key begins like this one, whatever its state.
  static bool begins(const Entry& entry, const Key& key) noexcept {
    return entry.key[0].load(std::memory_order_acquire) == key[0];
  }
  static Found search(Bucket& bucket, const Key& key) noexcept;
  // How many entries in the key's buckets begin like it.
  [[nodiscard]] unsigned alike(const Key& key, uint64_t hash) const noexcept;
  // As find(), and the plain way to do it: believes a miss only if no entry moved meanwhile.
  [[nodiscard]] Found find_moved(const Key& key, uint64_t hash) const noexcept;
  // An entry that is empty; null if the bucket has none.
  static Entry* vacant(Bucket& bucket, FlowControl& control) noexcept;
  static bool fill(Entry& entry, FlowControl vacant, const Key& key, FlowControl live) noexcept;
  void give_way(const Key& key, uint64_t hash, Inserted& inserted) const noexcept;
  // Removes the entry though it was refreshed or repointed meanwhile. False if it was removed before.
  static bool withdraw(std::atomic<uint64_t>& place, FlowControl use) noexcept;
  // Ends a relocation. Does nothing if the entry is gone.
  static void settle(std::atomic<uint64_t>& place, FlowControl use) noexcept;
  bool move(Entry& from, uint64_t bucket, uint64_t to) noexcept;
  // Frees a place in one of the key's buckets by a chain of moves, counted in `moved`. False if there is no way; true
  // also when another worker spoiled the chain half-way: look again.
  bool make_room(uint64_t hash, unsigned& moved) noexcept;

  Bucket* buckets_;
  uint64_t mask_;
  std::atomic<uint32_t>* moves_;
  uint64_t seed_;
};

// Reads a live entry as one consistent whole.
template <unsigned kWords>
inline auto FlowTable<kWords>::read(Entry& entry, Key& key) noexcept -> Found {
  FlowControl before(entry.control.load(std::memory_order_seq_cst));
  while (before.is_live()) {
    for (unsigned i = 0; i < kWords; ++i) key[i] = entry.key[i].load(std::memory_order_acquire);
    const FlowControl after(entry.control.load(std::memory_order_acquire));
    if (after.same_flow(before)) return {&entry.control, after};
    before = after;  // repointed, or given to another key
  }
  return {};
}

// First words are compared before any control word is touched: most entries of a bucket are somebody else's. Where the key lies
// among them nobody can predict, so that is no branch.
template <unsigned kWords>
inline auto FlowTable<kWords>::search(Bucket& bucket, const Key& key) noexcept -> Found {
  unsigned same = 0;
#pragma GCC unroll 4
  for (unsigned way = 0; way < kWays; ++way) same |= unsigned{begins(bucket.entries[way], key)} << way;
  for (; same != 0; same &= same - 1)
    if (const Found found = match(bucket.entries[std::countr_zero(same)], key)) return found;
  return {};
}

using NarrowTable = FlowTable<kNarrowWords>;
using WideTable = FlowTable<kWideWords>;
static_assert(sizeof(NarrowTable::Entry) == 16 && NarrowTable::kWays == 4);
static_assert(sizeof(WideTable::Entry) == 32 && WideTable::kWays == 2);

extern template class FlowTable<kNarrowWords>;
extern template class FlowTable<kWideWords>;

}  // namespace lb
