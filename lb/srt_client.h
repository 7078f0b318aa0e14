// SPDX-License-Identifier: MIT
// Third stage for `affinity: srt`, the client's half. SRT (draft-sharabayko-srt-01, section 4.3.1) begins with an INDUCTION, which
// Cleat answers itself and remembers nothing of, and goes on with a CONCLUSION, which names the stream and with it the server. That
// one has to be asked for a cookie of its own first: Cleat sends it the caller's INDUCTION in the caller's name. Its answer
// (lb/srt_server.h) lets the caller repeat the CONCLUSION, and all that comes then is passed on as through any `nat`.
//
// No datagram waits and no timer runs: a caller repeats each four times a second until it is answered.
#pragma once

#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/srt_wire.h"
#include "lb/time.h"
#include "lb/wire.h"
#include "lb/worker.h"

namespace lb {

struct Burst;  // lb/pipeline.h

// May say something of the beginning or the end of a connection; asked of every packet. REQUIRES: UDP
inline bool is_srt_edge(const Packet& packet) noexcept {
  if (packet.l4_length < sizeof(UdpHeader) + sizeof(SrtHeader)) return false;
  const be16 type = reinterpret_cast<const SrtHeader*>(packet.l4 + sizeof(UdpHeader))->packet_type;
  return type == be16::of(kSrtHandshake) || type == be16::of(kSrtShutdown);
}

// Before the third stage: those of a burst that are such packets, of services with `affinity: srt`. On return each has its verdict, or
// is to be found by its tuple as all others are.
// burst  classified
void meet_srt_edges(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst) noexcept;

// A packet that is_srt_edge(), or of no known flow. On return it has its flow, as hit says, or its verdict.
// REQUIRES: find_flow(); packet.service's affinity is kSrt
// cost  an INDUCTION: a cookie and a frame. A CONCLUSION: a cookie, and for a new connection place_stream() and a slot
void meet_srt_client(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                     Verdict& verdict) noexcept;

}  // namespace lb
