// SPDX-License-Identifier: MIT
// What is wrong with a kernel interface as a port of Cleat. Pure: a start reads facts and is refused by the errors, `cleatd
// --check` prints all of it.
#pragma once

#include <string>
#include <vector>

#include "dataplane/finding.h"
#include "dataplane/interface_facts.h"
#include "dataplane/options.h"

namespace dataplane {

// What must be so, or a start fails: the interface exists, carries no address of the port, can have as many queues as there
// are workers, has an MTU that Cleat takes.
// workers  1..64
std::vector<Finding> refusals(const PortOptions& port, unsigned workers, const InterfaceFacts& facts);

// refusals(), what a start mends by itself, and what it cannot see or will not touch: the peer, foreign XDP programs,
// addresses that nobody would hear any more. Of an interface that a cleatd works on only that.
std::vector<Finding> interface_findings(const PortOptions& port, unsigned workers,
                                        const InterfaceFacts& facts);

// Single findings that a start comes upon while it works.
Finding other_queue_count(const std::string& interface, unsigned active, unsigned workers, bool combined);
Finding mtu_refused(const std::string& interface, uint16_t mtu);
Finding interface_in_use(const std::string& interface);
// The MTU of a veth: or nic: port is too large for af_xdp; af_packet serves it.
Finding too_large_for_af_xdp(const PortOptions& port, uint32_t mtu);

}  // namespace dataplane
