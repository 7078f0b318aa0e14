// SPDX-License-Identifier: MIT
// What is in the packets of cleat-bench, above IP.
#pragma once

#include <array>
#include <cstdint>

#include "tools/bench_frame.h"
#include "tools/bench_quic_cid.h"

namespace bench {

enum class Payload : uint8_t {
  kPlain,    // UDP: 18 bytes of nothing
  kCheck,    // of ICE, as a browser signs them
  kSuccess,  // the server's answer to it
  kRtp,      // of an SSRC that no other session has: 172 bytes of sound
  kVideo,    // likewise, 1,200 bytes
  kSrtcp,
  kQuic,        // a short header with a connection id, 40 bytes: what a client that downloads sends
  kQuicAnswer,  // 1,252 bytes to the client, whose ids are nobody's business
  kSyn,         // TCP, as the rest
  kSynAck,
  kAck,
  kSegment,  // 1,460 bytes: a frame of 1,514
  kFin,
};

// Whose packet it is.
struct Owner {
  uint64_t number = 0;  // of the flow or session: its name, its SSRC, its ids
  unsigned server = 0;  // kQuic: whose connection id
  CidEncoding cids = CidEncoding::kPlaintext;
};

using PayloadRoom = std::array<uint8_t, 1460>;
// room  overwritten; the result points into it
Content write_payload(PayloadRoom& room, Payload what, const Owner& owner);

}  // namespace bench
