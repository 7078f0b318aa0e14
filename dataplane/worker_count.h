// SPDX-License-Identifier: MIT
// How many workers a configuration without a number gets.
#pragma once

#include <span>

#include "dataplane/options.h"

namespace dataplane {

// 2 where the kernel moves the packets of two ports or more and may use another cpu for it: it runs the receiver's whole
// stack in the worker's system call, so the two directions of a flow want a cpu each. Else 1.
// queues  by port: how many receive queues its kernel interface can have; 0 for a device that DPDK drives itself
// cpus    that this process may use
unsigned default_workers(std::span<const unsigned> queues, unsigned cpus);

// The same for these ports of this machine. thread  control; cost  a system call each
unsigned default_workers(std::span<const PortOptions> ports);

}  // namespace dataplane
