// SPDX-License-Identifier: MIT
#include "tests/lb/quiet.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>

#include "tests/lb/packet_path.h"

extern "C" {
// glibc's own, under the names by which it exports them to those who replace malloc.
void* __libc_malloc(size_t);            // NOLINT
void* __libc_calloc(size_t, size_t);    // NOLINT
void* __libc_realloc(void*, size_t);    // NOLINT
void* __libc_memalign(size_t, size_t);  // NOLINT
void __libc_free(void*);                // NOLINT
}

namespace lb::test {
namespace {

constexpr int kOwnFrames = 2;  // of the note itself, at the top of a stack

struct Noise {
  const char* what;  // null: a system call
  long system_call;
  const char *call, *traffic;
  std::array<void*, kOwnFrames + 8> stack;
  int depth;
};
std::array<Noise, 256> noises;
std::atomic<size_t> noise_count{0};

// What the note itself does is not on the packet path.
void note(const char* what, long system_call) {
  const char* const call = path_mark.call;
  const char blocked = path_mark.blocked;
  path_mark.call = nullptr;
  path_mark.blocked = 0;
  const size_t i = noise_count.fetch_add(1, std::memory_order_relaxed);
  if (i < noises.size()) {
    Noise& noise = noises[i];
    noise = {what, system_call, call, path_mark.traffic, {}, 0};
    noise.depth = ::backtrace(noise.stack.data(), static_cast<int>(noise.stack.size()));
  }
  path_mark.call = call;
  path_mark.blocked = blocked;
}

inline void heard(const char* what) {
  if (path_mark.call != nullptr) [[unlikely]]
    note(what, 0);
}

#if defined(__linux__) && defined(__x86_64__)
constexpr int kSetSyscallUserDispatch = 59;  // PR_SET_SYSCALL_USER_DISPATCH, which older headers lack
constexpr long kDispatchOn = 1;

// The call was not made. It is made when the handler returns, and the rest of this stay on the path is not watched.
void on_blocked_call(int, siginfo_t* info, void* context) {
  path_mark.blocked = 0;
  note(nullptr, info->si_syscall);
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] -= 2;  // `syscall` is two bytes long
}

bool dispatch_system_calls() {
  struct sigaction action {};
  action.sa_sigaction = on_blocked_call;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  if (::sigaction(SIGSYS, &action, nullptr) != 0) return false;
  return ::prctl(kSetSyscallUserDispatch, kDispatchOn, 0, 0, &path_mark.blocked) == 0;
}
#else
bool dispatch_system_calls() { return false; }
#endif

class FailsNoisyTests : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo&) override {
    const std::string all = take_noises();
    EXPECT_TRUE(all.empty()) << "on the packet path:\n" << all;
  }
};

const bool watching = [] {
  std::array<void*, 1> first;  // the first backtrace of a process loads a library
  ::backtrace(first.data(), 1);
  watch_system_calls();
  testing::UnitTest::GetInstance()->listeners().Append(new FailsNoisyTests);
  return true;
}();

std::string title(const Noise& noise) {
  const std::string what =
      noise.what != nullptr ? noise.what : "system call " + std::to_string(noise.system_call);
  return what + " in " + noise.call + (*noise.traffic != 0 ? ", traffic: " : "") + noise.traffic;
}

// The function that this file's replaces.
template <typename Function>
Function* next(std::atomic<Function*>& known, const char* name) {
  Function* function = known.load(std::memory_order_relaxed);
  if (function == nullptr) {
    function = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
    known.store(function, std::memory_order_relaxed);
  }
  return function;
}

}  // namespace

bool watch_system_calls() { return dispatch_system_calls(); }

std::string take_noises() {
  const size_t count = noise_count.exchange(0);
  std::map<std::string, std::pair<size_t, const Noise*>> kinds;
  for (size_t i = 0; i < std::min(count, noises.size()); ++i) {
    auto& [times, first] = kinds[title(noises[i])];
    ++times;
    if (first == nullptr) first = &noises[i];
  }
  std::string text;
  for (const auto& [name, kind] : kinds) {
    const auto& [times, first] = kind;
    text += std::to_string(times) + " x " + name + "\n";
    const std::unique_ptr<char*, decltype(&std::free)> lines(
        ::backtrace_symbols(first->stack.data(), first->depth), &std::free);
    for (int i = kOwnFrames; lines && i < first->depth; ++i)
      text += "    " + std::string(lines.get()[i]) + "\n";
  }
  if (count > noises.size()) text += "and " + std::to_string(count - noises.size()) + " more\n";
  return text;
}

}  // namespace lb::test

using lb::test::heard;
using lb::test::next;

extern "C" {

void* malloc(size_t bytes) {
  heard("malloc");
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  heard("calloc");
  return __libc_calloc(count, bytes);
}
void* realloc(void* memory, size_t bytes) {
  heard("realloc");
  return __libc_realloc(memory, bytes);
}
void* memalign(size_t alignment, size_t bytes) {
  heard("memalign");
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  heard("aligned_alloc");
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, size_t alignment, size_t bytes) {
  heard("posix_memalign");
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) {
  if (memory != nullptr) heard("free");
  __libc_free(memory);
}

// Waiting for a condition needs a mutex first.
#define CLEAT_WATCHED(name, parameters, arguments)                   \
  int name parameters {                                              \
    static constinit std::atomic<int(*) parameters> known = nullptr; \
    heard(#name);                                                    \
    return next(known, #name) arguments;                             \
  }
CLEAT_WATCHED(pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
CLEAT_WATCHED(pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
CLEAT_WATCHED(pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
CLEAT_WATCHED(pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
CLEAT_WATCHED(pthread_spin_lock, (pthread_spinlock_t * lock), (lock))
CLEAT_WATCHED(clock_gettime, (clockid_t clock, timespec* time), (clock, time))
#undef CLEAT_WATCHED

}  // extern "C"
