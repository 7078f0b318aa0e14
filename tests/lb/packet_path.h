// SPDX-License-Identifier: MIT
// Marks where a thread of a test is inside the packet path. tests/lb/quiet.h watches what happens there; a program that does
// not link it loses two stores to a call.
#pragma once

#include <atomic>

namespace lb::test {

struct PathMark {
  const char* volatile call = nullptr;  // of the pipeline, in which the thread is now
  const char* volatile traffic = "";    // what the test is sending, for messages
  volatile char blocked = 0;            // the kernel's selector: SYSCALL_DISPATCH_FILTER_ALLOW or _BLOCK
};
inline constinit thread_local PathMark path_mark;

// The thread is on the packet path as long as this lives.
class OnPacketPath {
 public:
  // call  e.g. "process()"; outlives this
  explicit OnPacketPath(const char* call) noexcept {
    path_mark.call = call;
    path_mark.blocked = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  ~OnPacketPath() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    path_mark.blocked = 0;
    path_mark.call = nullptr;
  }
  OnPacketPath(const OnPacketPath&) = delete;
  OnPacketPath& operator=(const OnPacketPath&) = delete;
};

}  // namespace lb::test
