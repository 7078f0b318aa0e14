// SPDX-License-Identifier: MIT
// Which server a stream's connections go to: the one that has it; for a new stream, one by consistent hashing with bounded loads
// (Mirrokni, Thorup, Zadimoghaddam 2018), so that balancers with the same configuration mostly agree before they have heard of it.
#pragma once

#include <optional>

#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/stream_ask.h"
#include "lb/streams.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

struct Placed {
  BackendId backend = 0;
  StreamPlace stream = 0;  // kNoStream: it is not in the table
};

// packet   the client's, of a service with `affinity: stream`
// returns  nullopt: no server of the stream's pool takes new sessions; which pool that is, the service's routes say
// cost     a look-up in the table of streams; for a new stream a sum over the pool's members besides
//
// A publisher and its players meet, whoever comes first. While somebody publishes, all go to his server, also if that takes no new
// sessions; a server that is gone, or drains and has no publisher, is replaced, and who comes next decides for all after him.
std::optional<Placed> place_stream(Worker& worker, const Snapshot& snapshot, Now now, const Packet& packet,
                                   const StreamAsk& ask) noexcept;

}  // namespace lb
