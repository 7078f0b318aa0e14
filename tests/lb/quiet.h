// SPDX-License-Identifier: MIT
// Whoever links this has malloc and its kin, mutexes and clocks watched while a thread is on the packet path
// (tests/lb/packet_path.h), and system calls by Linux's syscall user dispatch. What is noted fails the test in which it
// happened. Does not go together with sanitizers that replace malloc.
#pragma once

#include <cstdint>
#include <string>

namespace lb::test {

// Watches the calling thread's system calls from now on; the main thread's are watched from the start. False: this kernel
// cannot (Linux on x86-64 from 5.11 on can).
bool watch_system_calls();

// What has been noted since the last call, each kind once with its count and stack; "" when all was quiet.
// REQUIRES: no thread is on the packet path
std::string take_noises();

}  // namespace lb::test
