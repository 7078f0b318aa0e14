// SPDX-License-Identifier: MIT
// Which packets come, and how often each.
#pragma once

#include <cstdint>
#include <span>

#include "tools/bench_payload.h"
#include "tools/bench_setup.h"

namespace bench {

// Who sends.
enum class Traffic : uint8_t {
  kClients,
  kReplies,  // servers
  kNew,      // clients not seen before
  kMoved,    // clients of known sessions from addresses not seen before, 32 packets each
  kNobody,   // addresses of no session; with kRtp, SSRCs of none, too
};

struct Part {
  unsigned share = 1;  // of the sum of all parts' shares
  Traffic traffic = Traffic::kClients;
  Payload payload = Payload::kPlain;
  ServiceIndex service = 0;
  ServiceIndex services = 1;  // so many from there on, each as often
};

}  // namespace bench
