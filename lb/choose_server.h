// SPDX-License-Identifier: MIT
// Whose a stream is: the rules by which lb/place_stream.h decides, also for whoever asks what it would do. Reads what workers
// read, and changes nothing.
#pragma once

#include <optional>
#include <span>

#include "lb/counters.h"
#include "lb/snapshot.h"
#include "lb/stream_key.h"
#include "lb/streams.h"

namespace lb {

// Why a stream's connections no longer go to the server that had it.
enum class Keep : uint8_t {
  kStays,    // they do
  kGone,     // it is not of the pool any more, or cannot be reached
  kSilent,   // it answers nothing
  kDrained,  // it takes no new sessions, and nobody publishes there
};

// known    of that pool
Keep keeps_server(const Snapshot& snapshot, const Pool& pool, const StreamView& known,
                  bool publishes) noexcept;

// For a stream that has no server: consistent hashing with bounded loads.
struct Chosen {
  BackendId backend = 0;
  BackendId by_hash =
      0;  // whom the hash named first; another than `backend`: it has more than its share of connections
};
// workers  whose connections count as load
// returns  nullopt: nobody of the pool takes new sessions
// cost     a sum over the pool's members
std::optional<Chosen> choose_server(const Snapshot& snapshot, const Pool& pool, const StreamKey& key,
                                    std::span<const WorkerCounters* const> workers) noexcept;

}  // namespace lb
