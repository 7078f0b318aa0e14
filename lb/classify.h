// SPDX-License-Identifier: MIT
// Second stage: whose packet is it? A client's to a service, a backend's to a LIP, for Cleat itself, or for the kernel.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/worker.h"

namespace lb {

// packet   kind kIp or kArp on entry. On return: kClient with service and hash set and its flow buckets on their way
//          into the cache; kReply with its slot number set, likewise; kLocal; or kDone with a verdict
void classify(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet, Verdict& verdict) noexcept;

}  // namespace lb
