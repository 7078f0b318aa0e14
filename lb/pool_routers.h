// SPDX-License-Identifier: MIT
// What reads servers' names from packets, for one pool; part of compile().
#pragma once

#include <map>

#include "lb/address.h"
#include "lb/limits.h"
#include "lb/quic_router.h"
#include "lb/result.h"
#include "lb/snapshot_spec.h"
#include "lb/ufrag_router.h"

namespace lb {

// A pool's backends as compile() numbered them.
using BackendIds = std::map<Endpoint, BackendId>;

// Both: servers that the pool does not have are passed over.
Result<QuicRouter> quic_router(const PoolSpec& spec, const BackendIds& ids);
// Without `ufrag` one that knows nobody.
UfragRouter ufrag_router(const PoolSpec& spec, const BackendIds& ids);

}  // namespace lb
