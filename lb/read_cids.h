// SPDX-License-Identifier: MIT
// Before the third stage, for services with `affinity: quic` and `dtls`: whose connection ids a burst carries.
#pragma once

#include <span>

#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/worker.h"

namespace lb {

// Of all packets of such services: sets `named` where the connection id names a server, and counts.
// packets  a burst, classified
// cost     QuicRouter's and QuicLbDecoder's: ids that take passes of AES are decoded some at a time
void read_cids(Worker& worker, const Snapshot& snapshot, std::span<Packet> packets) noexcept;

}  // namespace lb
