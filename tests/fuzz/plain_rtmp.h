// SPDX-License-Identifier: MIT
// The plain twin of lb/rtmp_chunks.h: it has the whole stream at once, and copies what it finds.
#pragma once

#include <cstdint>
#include <vector>

#include "lb/rtmp_fault.h"

namespace fuzz {

struct PlainRtmpMessage {
  uint8_t type = 0;
  std::vector<uint8_t> payload;
  friend bool operator==(const PlainRtmpMessage&, const PlainRtmpMessage&) = default;
};

struct PlainRtmp {
  std::vector<PlainRtmpMessage> messages;  // windows, bandwidths and commands
  lb::RtmpFault fault = lb::RtmpFault::kNone;
  uint32_t chunk_size = 128;
  friend bool operator==(const PlainRtmp&, const PlainRtmp&) = default;
};

// stream  one direction of a connection, from behind its handshake on
PlainRtmp read_rtmp_plainly(const std::vector<uint8_t>& stream);

}  // namespace fuzz
