// SPDX-License-Identifier: MIT
// Gratuitous ARP (RFC 5227 section 3) and unsolicited neighbour advertisements (RFC 4861 section 7.2.6) for
// VIPs and LIPs, so that switches and neighbours learn a take-over at once.
#pragma once

#include "lb/frame.h"
#include "lb/worker.h"

namespace lb {

// Pushes announcements for the i-th and following local addresses until worker.out is full.
// first    index into snapshot.addresses.all()
// returns  the index to go on with after the caller drained worker.out; all().size() when done
size_t announce(Worker& worker, const Snapshot& snapshot, size_t first) noexcept;

}  // namespace lb
