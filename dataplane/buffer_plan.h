// SPDX-License-Identifier: MIT
// How many packet buffers of which size the ports want, how much memory that is, and the pools they lie in.
#pragma once

#include <rte_mempool.h>

#include <cstdint>
#include <map>
#include <string>

#include "dataplane/options.h"
#include "lb/result.h"

namespace dataplane {

// Bytes of a buffer's data room -> how many buffers of it each worker wants. A port of jumbo frames must not make the others'
// buffers large: af_xdp takes none that is larger than a page.
std::map<uint32_t, uint32_t> buffers_of(const Options& options);

// MiB of buffers for all workers, and of what DPDK needs beside them. REQUIRES: options.workers is not 0
unsigned packet_memory_mb(const Options& options);

// A pool of so many buffers, with a cache for the lcore that uses it.
// room    bytes of a buffer's data room
// error   one line that says what to lower
// thread  control, after start_eal()
lb::Result<rte_mempool*> make_pool(const std::string& name, uint32_t buffers, uint32_t room);

}  // namespace dataplane
