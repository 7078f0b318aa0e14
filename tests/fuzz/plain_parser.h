// SPDX-License-Identifier: MIT
// The plain twin of lb/parse.h: reads a frame byte by byte, and asks each time.
#pragma once

#include <optional>

#include "lb/drop_reason.h"
#include "lb/packet.h"
#include "tests/lb/frame_builder.h"

namespace fuzz {

using lb::test::Bytes;

struct Plain {
  std::optional<lb::DropReason> reason;
  lb::Kind kind = lb::Kind::kNone;
  unsigned protocol = 0, src_port = 0, dst_port = 0, l4_length = 0;
  long l4_offset = -1;
  lb::Piece piece = lb::Piece::kWhole;
  Bytes src, dst;
};

// frame  of any length
Plain parse_plainly(const Bytes& frame);

}  // namespace fuzz
