// SPDX-License-Identifier: MIT
// What a killed process left half done in the session tables; part of mend().
#pragma once

#include "lb/segment.h"

namespace lb {

// Frees records that were being written, and those whose slot is not theirs; empties addresses and keys that were being
// written; makes names and SSRCs and the records that they name agree.
// REQUIRES: no worker is at work; slots were checked
// returns  how many sessions are open
uint64_t mend_sessions(Segment& segment, Now now);

}  // namespace lb
