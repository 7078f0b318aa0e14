// SPDX-License-Identifier: MIT
// What is wrong with a SnapshotSpec, found before any id is given for it.
#pragma once

#include "lb/result.h"
#include "lb/snapshot_spec.h"

namespace lb {

// Names unique, pools exist, values in their ranges, no two services on one VIP, protocol and port (an exact port inside
// a range is legal), VIPs and LIPs apart, LIPs of the backends' family where nat needs them, dsr backends on-link.
// cost  O(n log n); allocates. Any thread
Status check(const SnapshotSpec& spec);

}  // namespace lb
