// SPDX-License-Identifier: MIT
#include "lb/maglev.h"

#include <algorithm>
#include <array>

#include "lb/hash.h"

namespace lb {

uint32_t maglev_size(size_t wanted) {
  static constexpr std::array<uint32_t, 5> kPrimes = {65537, 131101, 262147, 409609, 655373};
  for (const uint32_t prime : kPrimes)
    if (prime >= wanted) return prime;
  return kPrimes.back();
}

std::vector<BackendId> maglev_table(std::span<const MaglevEntry> entries, uint32_t size) {
  if (entries.empty()) return {};
  struct Turn {
    MaglevEntry entry;
    uint32_t next, skip;
    uint64_t credit = 0;
  };
  std::vector<Turn> turns;
  turns.reserve(entries.size());
  uint64_t heaviest = 1;
  for (const MaglevEntry& e : entries) {
    const uint32_t offset = reduce(hash_word(e.identity, 0x6d61676c6576), size);
    const uint32_t skip = reduce(hash_word(e.identity, 0x736b6970), size - 1) + 1;
    turns.push_back({e, offset, skip});
    heaviest = std::max<uint64_t>(heaviest, e.weight);
  }
  std::sort(turns.begin(), turns.end(),
            [](const Turn& a, const Turn& b) { return a.entry.identity < b.entry.identity; });

  constexpr BackendId kNobody = 0xffff;
  std::vector<BackendId> table(size, kNobody);
  uint32_t filled = 0;
  while (filled < size) {
    for (Turn& turn : turns) {
      turn.credit += turn.entry.weight;
      if (turn.credit < heaviest) continue;
      turn.credit -= heaviest;
      while (table[turn.next] != kNobody)
        turn.next = turn.next + turn.skip >= size ? turn.next + turn.skip - size : turn.next + turn.skip;
      table[turn.next] = turn.entry.id;
      if (++filled == size) break;
    }
  }
  return table;
}

}  // namespace lb
