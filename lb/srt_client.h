// SPDX-License-Identifier: MIT
// Third stage for `affinity: srt`, the client's half. SRT (draft-sharabayko-srt-01, section 4.3.1) begins with an INDUCTION, which
// Cleat answers itself and remembers nothing of, and goes on with a CONCLUSION, which names the stream and with it the server. That
// one has to be asked for a cookie of its own first: Cleat sends it the caller's INDUCTION in the caller's name. Its answer
// (lb/srt_server.h) lets the caller repeat the CONCLUSION, and all that comes then is passed on as through any `nat`.
//
// No datagram waits and no timer runs: a caller repeats each four times a second until it is answered.
#pragma once

#include "lb/affinity.h"
#include "lb/frame.h"
#include "lb/packet.h"
#include "lb/snapshot.h"
#include "lb/srt_wire.h"
#include "lb/time.h"
#include "lb/udp_payload.h"
#include "lb/worker.h"

namespace lb {

// Says something of the beginning or the end of a connection. REQUIRES: UDP
inline bool is_srt_edge(const Packet& packet) noexcept {
  const auto payload = udp_payload(packet);
  if (payload.size() < sizeof(SrtHeader)) return false;
  const uint16_t type = reinterpret_cast<const SrtHeader*>(payload.data())->packet_type.host();
  return type == kSrtHandshake || type == kSrtShutdown;
}

// A packet that is_srt_edge(), or of no known flow. REQUIRES: find_flow()
void meet_srt_client(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                     Verdict& verdict) noexcept;

// REQUIRES: look_among(); packet.service's affinity is kSrt
// On return the packet has its flow, as hit says, or its verdict.
// cost  find_flow()'s. An INDUCTION: a cookie and a frame. A CONCLUSION: a cookie, and for a new connection place_stream() and a slot
inline void find_by_srt(Worker& worker, const Snapshot& snapshot, Now now, Packet& packet,
                        Verdict& verdict) noexcept {
  find_flow(worker, snapshot, now, packet);
  if (packet.hit && !is_srt_edge(packet)) [[likely]]
    return;
  meet_srt_client(worker, snapshot, now, packet, verdict);
}

}  // namespace lb
