// SPDX-License-Identifier: MIT
#include "lb/whip_pools.h"

#include <algorithm>

namespace lb {

std::vector<WhipPool> whip_pools(const Snapshot& snapshot, const std::vector<PoolMembers>& members,
                                 uint16_t pool) {
  std::vector<WhipPool> found;
  for (uint16_t to = 0; to < snapshot.pools.size(); ++to) {
    const bool wants = std::any_of(snapshot.services.begin(), snapshot.services.end(), [&](const Service& s) {
      return s.pool == to && s.affinity == Affinity::kIce && s.ice.whip;
    });
    if (!wants) continue;
    WhipPool whip{snapshot.pools[to].clients, {}};
    for (const auto& own : members[pool]) {
      const auto same = std::find_if(members[to].begin(), members[to].end(),
                                     [&own](const auto& member) { return member.first == own.first; });
      if (same != members[to].end()) whip.backends.emplace_back(own.second, same->second);
    }
    std::sort(whip.backends.begin(), whip.backends.end());
    if (!whip.backends.empty()) found.push_back(std::move(whip));
  }
  return found;
}

}  // namespace lb
