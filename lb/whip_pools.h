// SPDX-License-Identifier: MIT
// For whom a service that reads WHIP learns sessions; part of compile().
#pragma once

#include <utility>
#include <vector>

#include "lb/snapshot.h"

namespace lb {

// A pool's backends as compile() numbered them.
using PoolMembers = std::vector<std::pair<IpAddress, BackendId>>;

// members  by index of snapshot.pools
// returns  one for each pool with an `ice` service that uses the rung; empty where none shares a server with `pool`
std::vector<WhipPool> whip_pools(const Snapshot& snapshot, const std::vector<PoolMembers>& members,
                                 uint16_t pool);

}  // namespace lb
