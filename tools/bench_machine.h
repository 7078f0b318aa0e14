// SPDX-License-Identifier: MIT
// What cleat-bench ran on and was built by, into the context of its report: figures of two machines are not compared.
#pragma once

namespace bench {

// pages  as the caller wanted them: "4k" or "huge"
// cost   some 20 ms: it compares the time-stamp counter with the clock
void describe_machine(const char* pages);

}  // namespace bench
