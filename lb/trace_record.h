// SPDX-License-Identifier: MIT
// What a trace keeps of one packet: plain data of a fixed size, copied from worker to control.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "lb/address.h"
#include "lb/frame.h"
#include "lb/session.h"
#include "lb/snapshot_spec.h"

namespace lb {

// Between client and server; unknown for what goes to neither.
enum class TraceWay : uint8_t { kUnknown, kIn, kOut };

// What led a client's packet to its backend.
enum class TraceBy : uint8_t {
  kNothing,       // no backend, or a reply, whose slot says it all
  kFlow,          // the flow was known
  kPick,          // the pool's way of picking
  kClient,        // `source-ip`: the client's place, or the pick that gave it one
  kConnectionId,  // `quic`, `dtls`: the packet named it
  kSession,       // `ice`: by TraceRecord::rung
  kBridge,        // `ice`: media of an address that has proved nothing yet
  kCount,
};
// "flow", "pick", "client", "connection_id", "session", "bridge"; "" for kNothing.
std::string_view trace_by_name(TraceBy by) noexcept;

struct TraceEnds {
  IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;  // 0: it has none, or they are in an earlier piece
  uint8_t protocol = 0;                            // IP's number
  bool known = false;                              // false: no IP packet, or a malformed one
};

struct TraceRecord {
  static constexpr unsigned kMaxBytes = 256;  // of a frame

  uint64_t ms = 0;  // CLOCK_BOOTTIME of its burst
  TraceEnds before, after;
  Endpoint client, vip, backend;       // as far as they were found out; else unset
  ServiceId service = kServiceGone;    // likewise
  uint16_t ether_type = 0;             // 0: the frame ends before it
  uint16_t length_in = 0;              // bytes of the frame; 0: it had come before, and waited
  uint16_t length_out = 0;             // 0: it did not leave
  uint16_t kept_in = 0, kept_out = 0;  // bytes below
  PortIndex port_in = 0, port_out = 0;
  Action action = Action::kUndecided;
  DropReason reason = DropReason::kCount;
  TraceWay way = TraceWay::kUnknown;
  TraceBy by = TraceBy::kNothing;
  Rung rung = Rung::kCount;  // with kSession and kBridge
  uint8_t tcp_flags = 0;
  bool answered = false;  // Cleat's own answer left in its place
  std::array<uint8_t, kMaxBytes> in, out;
};

}  // namespace lb
