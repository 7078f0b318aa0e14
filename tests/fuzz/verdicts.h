// SPDX-License-Identifier: MIT
// What holds of every frame that goes through tests/lb's rig, whatever is in it.
#pragma once

#include <cstdint>

#include "tests/lb/rig.h"

namespace fuzz {

using lb::test::Bytes;

// What left the pipeline for the wire or for a queue: an IP packet, one hop older, its payload untouched.
void require_whole(const lb::test::Rig& rig, const lb::test::Outcome& out, const Bytes& in);

// Every frame is counted in once, and out once: rx = tx + dropped + punted + consumed + held now.
struct Balance {
  uint64_t seen = 0, sent = 0, held = 0;  // as the target saw them

  // last  the frame that was sent last
  void require_even(lb::test::Rig& rig, const lb::test::Outcome& last) const;
};

}  // namespace fuzz
