// SPDX-License-Identifier: MIT
// A worker's sleep, from which frames wake it where the kernel can tell of them.
#pragma once

#include <poll.h>

#include <array>
#include <vector>

#include "lb/limits.h"

namespace dataplane {

// The AF_XDP sockets that this process has open, in order. cost: a system call for each open file
std::vector<int> af_xdp_sockets();

class Nap {
 public:
  // files  readable while a frame waits in a queue of the worker's; they stay the caller's, and open
  // all    there is one for each queue that clients and servers send to
  Nap(const std::vector<int>& files, bool all);

  // Whether no frame need wait for the end of a sleep.
  [[nodiscard]] bool woken_by_all() const { return all_; }

  // Returns after so long (< 1 s), or when there is a frame, or a signal came.
  //
  // in_vain  no frame was found since the last one. A driver may read only some time after its file is readable (the tap's, once a
  //          signal was handled, for which a processor must be free): after a waking for nothing the files are let alone for once
  void take(long ns, bool in_vain) noexcept;

 private:
  std::array<pollfd, 2 * lb::kMaxPorts> files_{};
  nfds_t count_ = 0;
  bool all_, woken_ = false;
};

}  // namespace dataplane
