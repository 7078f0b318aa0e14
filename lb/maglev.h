// SPDX-License-Identifier: MIT
// Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
// section 3.4), with weights: the same table from the same backends in any order, little disruption when one changes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lb/limits.h"

namespace lb {

struct MaglevEntry {
  uint64_t identity = 0;  // hash of what the backend is (pool, address, port), same on every balancer
  uint32_t weight = 0;    // > 0
  BackendId id = 0;       // what the table holds
  friend bool operator==(const MaglevEntry&, const MaglevEntry&) = default;
};

// Smallest prime of a fixed list that is at least `wanted`; the list starts at 65,537 and ends at 655,373.
uint32_t maglev_size(size_t wanted);

// The look-up table: `size` ids, each backend in proportion to its weight.
// entries  any order; identities distinct. Empty: the table is empty
// size     a prime, at least 100 x entries for even shares
// cost     O(size x log size) expected; a few ms for 65,537
std::vector<BackendId> maglev_table(std::span<const MaglevEntry> entries, uint32_t size);

}  // namespace lb
