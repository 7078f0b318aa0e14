// SPDX-License-Identifier: MIT
// What the tables know of a client's flow, and which backend a new one would get now: for whoever asks why. Reads what
// workers read, and changes nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "lb/address.h"
#include "lb/flow_control.h"
#include "lb/segment.h"
#include "lb/snapshot.h"

namespace lb {

// What a new flow's backend depends on.
enum class Foresight : uint8_t {
  kNobody,   // no backend takes new sessions
  kOnly,     // one backend takes new sessions
  kHash,     // maglev: of client and service
  kClient,   // `source-ip`: the client has a backend
  kNetwork,  // `source-ip`, maglev: hash of the client's network
  kTurn,     // wrr: whose turn it is
  kLoad,     // least-load: the less loaded of two that are drawn
  kSession,  // `ice`: the USERNAME of its check
  kStream,   // `stream`, `srt`: which one it asks for
};

struct Foreseen {
  const Service* service = nullptr;   // null: nothing is served there
  std::optional<FlowControl> entry;   // of the flow
  std::optional<FlowControl> moved;   // `quic`, `dtls`: of the flow that a connection id opened beside it
  std::optional<FlowControl> client;  // `source-ip`: the client's place in the pool
  Foresight depends_on = Foresight::kNobody;
  std::optional<BackendId> backend;  // whom a new flow gets; nullopt when only its packet can say
};

// client, vip  with their ports, of one family
// cost         a few look-ups. Any thread
Foreseen foresee(const Snapshot& snapshot, Segment& segment, const Endpoint& client, const Endpoint& vip,
                 Protocol protocol) noexcept;

}  // namespace lb
