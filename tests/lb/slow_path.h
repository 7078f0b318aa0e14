// SPDX-License-Identifier: MIT
// The plain twin of lb/pipeline.h's process(), for services of tuples and connection ids: each packet goes through the stages that know every case.
#pragma once

#include "lb/pipeline.h"

namespace lb::test {

// clock  not looked at
void process_slowly(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst,
                    StageClock* clock) noexcept;

}  // namespace lb::test
