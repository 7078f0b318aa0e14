// SPDX-License-Identifier: MIT
// How many packet buffers of which size the ports want, and how much memory that is.
#pragma once

#include <cstdint>
#include <map>

#include "dataplane/options.h"

namespace dataplane {

inline constexpr unsigned kBuffersPerWorker =
    8191;  // for each port: rings of every queue, bursts, held frames

// Bytes of a buffer's data room -> how many ports want such. A port of jumbo frames must not make the others' buffers large:
// af_xdp takes none that is larger than a page.
std::map<uint32_t, unsigned> rooms_of(const Options& options);

// MiB of buffers for all workers, and of what DPDK needs beside them. REQUIRES: options.workers is not 0
unsigned packet_memory_mb(const Options& options);

}  // namespace dataplane
