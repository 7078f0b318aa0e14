// SPDX-License-Identifier: MIT
#include "lb/flow_table.h"

namespace lb {

template <unsigned kWords>
inline unsigned FlowTable<kWords>::alike(const Key& key, uint64_t hash) const noexcept {
  const Bucket &one = buckets_[first(hash)], &two = buckets_[second(hash)];
  uint8_t same = 0;
#pragma GCC unroll 4
  for (unsigned way = 0; way < kWays; ++way)
    same = static_cast<uint8_t>(same + begins(one.entries[way], key) + begins(two.entries[way], key));
  return same;
}

template <unsigned kWords>
auto FlowTable<kWords>::find_missed(const Key& key, uint64_t hash) const noexcept -> Found {
  // Nearly always there is nothing, and nothing moves.
  const std::atomic<uint32_t>& counter = moves(hash);
  const uint32_t before = counter.load(std::memory_order_acquire);
  if (alike(key, hash) != 0 || counter.load(std::memory_order_acquire) != before) [[unlikely]]
    return find_moved(key, hash);
  return {};
}

template <unsigned kWords>
auto FlowTable<kWords>::find_moved(const Key& key, uint64_t hash) const noexcept -> Found {
  std::atomic<uint32_t>& counter = moves(hash);
  uint32_t before = counter.load(std::memory_order_acquire);
  for (;;) {
    if (const Found found = glance(key, hash)) return found;
    const uint32_t after = counter.load(std::memory_order_acquire);
    if (after == before) return {};
    before = after;
  }
}

template <unsigned kWords>
auto FlowTable<kWords>::vacant(Bucket& bucket, FlowControl& control) noexcept -> Entry* {
  for (Entry& entry : bucket.entries) {
    control = FlowControl(entry.control.load(std::memory_order_acquire));
    if (control.state() == FlowState::kEmpty) return &entry;
  }
  return nullptr;
}

// Takes a vacant place and publishes the key there. A busy place is its writer's alone, however long it sleeps: if it
// were taken over, the sleeper could write its key into somebody else's entry. What a killed writer leaves busy, mend()
// empties.
template <unsigned kWords>
bool FlowTable<kWords>::fill(Entry& entry, FlowControl vacant, const Key& key, FlowControl live) noexcept {
  uint64_t expected = vacant.raw();
  if (!entry.control.compare_exchange_strong(expected, live.in_state(FlowState::kBusy).raw(),
                                             std::memory_order_acq_rel))
    return false;
  for (unsigned i = 0; i < kWords; ++i) entry.key[i].store(key[i], std::memory_order_release);
  entry.control.store(live.raw(), std::memory_order_seq_cst);
  return true;
}

template <unsigned kWords>
bool FlowTable<kWords>::withdraw(std::atomic<uint64_t>& place, FlowControl use) noexcept {
  uint64_t seen = use.raw();
  while (FlowControl(seen).same_use(use))
    if (place.compare_exchange_weak(seen, FlowControl(seen).emptied().raw(), std::memory_order_acq_rel))
      return true;
  return false;
}

template <unsigned kWords>
void FlowTable<kWords>::settle(std::atomic<uint64_t>& place, FlowControl use) noexcept {
  uint64_t seen = use.raw();
  while (FlowControl(seen).same_use(use) && FlowControl(seen).state() == FlowState::kMoving) {
    const FlowControl settled = FlowControl(seen).in_state(FlowState::kLive);
    if (place.compare_exchange_weak(seen, settled.raw(), std::memory_order_acq_rel)) return;
  }
}

template <unsigned kWords>
auto FlowTable<kWords>::insert(const Key& key, uint64_t hash, SlotIndex slot, BackendId backend, Tick now,
                               bool may_move) noexcept -> Inserted {
  constexpr unsigned kAttempts = 32;  // each failed one means that another worker got on
  Bucket &one = buckets_[first(hash)], &two = buckets_[second(hash)];
  Inserted result;
  for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
    FlowControl control;
    Entry* entry = vacant(one, control);
    if (entry == nullptr) entry = vacant(two, control);
    if (entry == nullptr) {
      if (may_move && make_room(hash, result.moves)) continue;
      return result;
    }
    const FlowControl live = control.next_use(FlowState::kLive, slot, backend, now);
    if (!fill(*entry, control, key, live)) continue;

    result.outcome = Outcome::kInserted;
    result.found = {&entry->control, live};
    if (alike(key, hash) != 1) [[unlikely]]
      give_way(key, hash, result);
    return result;
  }
  return result;
}

// Another entry begins like the one that was just inserted. If it is of the same key and earlier in probe order, ours withdraws.
template <unsigned kWords>
void FlowTable<kWords>::give_way(const Key& key, uint64_t hash, Inserted& inserted) const noexcept {
  const FlowControl own = inserted.found.control;
  const Found earliest = find(key, hash);
  // A copy with our own slot and backend is our entry on its way to its other bucket, not somebody else's.
  if (!earliest || earliest.place == inserted.found.place ||
      (earliest.control.slot() == own.slot() && earliest.control.backend() == own.backend()) ||
      !withdraw(*inserted.found.place, own))
    return;
  inserted.outcome = Outcome::kDuplicate;
  inserted.found = earliest;
}

// Moves one live entry into the other of its two buckets. While original and copy are marked as moving nobody else
// moves either, so that whatever happens to one of them meanwhile, the other can be put right.
template <unsigned kWords>
bool FlowTable<kWords>::move(Entry& from, uint64_t bucket, uint64_t to) noexcept {
  Key key;
  const Found found = read(from, key);
  if (!found || found.control.state() == FlowState::kMoving) return false;
  const uint64_t h = hash(key);
  if ((first(h) == bucket ? second(h) : first(h)) != to) return false;  // another key lies here by now
  FlowControl control;
  Entry* entry = vacant(buckets_[to], control);
  if (entry == nullptr) return false;
  const FlowControl original = found.control.in_state(FlowState::kMoving);
  uint64_t expected = found.control.raw();
  if (!from.control.compare_exchange_strong(expected, original.raw(), std::memory_order_acq_rel))
    return false;
  const FlowControl copy =
      control.next_use(FlowState::kMoving, original.slot(), original.backend(), original.tick());
  if (!fill(*entry, control, key, copy)) {
    settle(from.control, original);
    return false;
  }
  std::atomic<uint32_t>& counter = moves(h);
  counter.fetch_add(1, std::memory_order_seq_cst);
  expected = original.raw();
  while (!from.control.compare_exchange_weak(expected, FlowControl(expected).emptied().raw(),
                                             std::memory_order_acq_rel)) {
    if (FlowControl(expected).same_flow(original)) continue;  // only its tick was refreshed
    withdraw(entry->control, copy);  // repointed or removed meanwhile: what became of the original is right
    counter.fetch_add(1, std::memory_order_seq_cst);
    settle(from.control, original);
    return false;
  }
  settle(entry->control, copy);
  return true;
}

// Breadth first over entries that could make way, so that the chain found is the shortest.
template <unsigned kWords>
bool FlowTable<kWords>::make_room(uint64_t hash, unsigned& moved) noexcept {
  struct Node {
    uint64_t bucket, other;  // where the entry lies, and its other home
    uint8_t way;
    uint8_t depth;
    int16_t parent;
  };
  constexpr unsigned kMaxNodes = kWays == 4 ? 8 + 32 : 4 + 8 + 16 + 32 + 64 + 128;
  std::array<Node, kMaxNodes> nodes;
  unsigned count = 0;
  const auto add = [&](uint64_t bucket, int parent, uint8_t depth) {
    for (unsigned way = 0; way < kWays && count < kMaxNodes; ++way) {
      Key key;
      const Found found = read(buckets_[bucket].entries[way], key);
      if (!found || found.control.state() == FlowState::kMoving) continue;
      const uint64_t h = this->hash(key);
      const uint64_t other = first(h) == bucket ? second(h) : first(h);
      __builtin_prefetch(&buckets_[other]);
      nodes[count++] = {bucket, other, static_cast<uint8_t>(way), depth, static_cast<int16_t>(parent)};
    }
  };
  add(first(hash), -1, 1);
  add(second(hash), -1, 1);
  for (unsigned i = 0; i < count; ++i) {
    FlowControl control;
    if (vacant(buckets_[nodes[i].other], control) != nullptr) {
      for (int at = static_cast<int>(i); at >= 0; at = nodes[at].parent) {
        const Node& node = nodes[at];
        if (!move(buckets_[node.bucket].entries[node.way], node.bucket, node.other)) return true;
        ++moved;
      }
      return true;
    }
    if (nodes[i].depth < kMaxMoves)
      add(nodes[i].other, static_cast<int>(i), static_cast<uint8_t>(nodes[i].depth + 1));
  }
  return false;
}

template <unsigned kWords>
bool FlowTable<kWords>::refresh(const Found& found, Tick now) noexcept {
  uint64_t expected = found.control.raw();
  return found.place->compare_exchange_strong(expected, found.control.with_tick(now).raw(),
                                              std::memory_order_acq_rel);
}

template <unsigned kWords>
bool FlowTable<kWords>::repoint(Found& found, SlotIndex slot, BackendId backend, Tick now) noexcept {
  const FlowControl next(found.control.state(), found.control.generation(), slot, backend, now);
  uint64_t expected = found.control.raw();
  if (!found.place->compare_exchange_strong(expected, next.raw(), std::memory_order_acq_rel)) return false;
  found.control = next;
  return true;
}

template <unsigned kWords>
bool FlowTable<kWords>::remove(const Found& found) noexcept {
  uint64_t expected = found.control.raw();
  return found.place->compare_exchange_strong(expected, found.control.emptied().raw(),
                                              std::memory_order_acq_rel);
}

template <unsigned kWords>
unsigned FlowTable<kWords>::remove_all(const Key& key, uint64_t hash, SlotIndex slot) noexcept {
  unsigned removed = 0;
  std::atomic<uint32_t>& counter = moves(hash);
  uint32_t before = 0;
  do {
    before = counter.load(std::memory_order_acquire);
    for (const uint64_t bucket : {first(hash), second(hash)}) {
      for (Entry& entry : buckets_[bucket].entries) {
        Found found = match(entry, key);
        while (found && found.control.slot() == slot && !remove(found)) found = match(entry, key);
        if (found && found.control.slot() == slot) ++removed;
      }
    }
  } while (counter.load(std::memory_order_acquire) != before);
  return removed;
}

template <unsigned kWords>
uint64_t FlowTable<kWords>::clear_busy() noexcept {
  uint64_t cleared = 0;
  for (uint64_t b = 0; b <= mask_; ++b) {
    for (Entry& entry : buckets_[b].entries) {
      const FlowControl control(entry.control.load(std::memory_order_relaxed));
      if (control.state() == FlowState::kMoving)
        entry.control.store(control.in_state(FlowState::kLive).raw(), std::memory_order_relaxed);
      if (control.state() != FlowState::kBusy) continue;
      entry.control.store(control.emptied().raw(), std::memory_order_relaxed);
      ++cleared;
    }
  }
  return cleared;
}

template class FlowTable<kNarrowWords>;
template class FlowTable<kWideWords>;

}  // namespace lb
