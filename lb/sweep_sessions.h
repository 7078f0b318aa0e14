// SPDX-License-Identifier: MIT
// Takes back ICE sessions that have no slot to end them: learned ones whose client never came, those of DSR services, and what
// a race left.
#pragma once

#include "lb/snapshot.h"
#include "lb/time.h"
#include "lb/worker.h"

namespace lb {

// One session of the worker's share, by its number. For housekeep(); cost: one line
void sweep_session(Worker& worker, Now now, SessionIndex index) noexcept;

}  // namespace lb
