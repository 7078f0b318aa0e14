// SPDX-License-Identifier: MIT
// The watch over the packet path hears what it is there for, and only there.
#include "tests/lb/quiet.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/lb/packet_path.h"
#include "tests/lb/rig.h"

namespace lb::test {
namespace {

// What is noted while `work` passes for a call of the pipeline.
template <typename Work>
std::string noises_of(Work&& work) {
  {
    const OnPacketPath here("process()");
    work();
  }
  return take_noises();
}
bool starts_with(const std::string& noises, std::string_view title) { return noises.starts_with(title); }
// The compiler may not leave the allocation out.
void keep(void* memory) { asm volatile("" : : "r"(memory) : "memory"); }

TEST(Quiet, NothingIsNotedOfNothing) {
  EXPECT_EQ(noises_of([] {}), "");
}

TEST(Quiet, WhatHappensElsewhereIsNotNoted) {
  keep(std::make_unique<int>(1).get());
  ::syscall(SYS_getppid);
  EXPECT_EQ(take_noises(), "");
}

TEST(Quiet, AnAllocationIsNoted) {
  std::unique_ptr<int> made;
  const std::string noises = noises_of([&] { keep((made = std::make_unique<int>(1)).get()); });
  EXPECT_TRUE(starts_with(noises, "1 x malloc in process()\n")) << noises;
}

TEST(Quiet, EveryKindOfAllocationIsNoted) {
  void* memory[5] = {nullptr, std::malloc(5)};
  const std::string noises = noises_of([&] {
    keep(memory[0] = std::calloc(3, 5));
    keep(memory[1] = std::realloc(memory[1], 70));
    keep(memory[2] = std::aligned_alloc(64, 128));
    keep(memory[3] = ::operator new (100, std::align_val_t{64}));
    if (::posix_memalign(&memory[4], 64, 100) != 0) memory[4] = nullptr;
  });
  for (void* each : {memory[0], memory[1], memory[2], memory[4]}) std::free(each);
  ::operator delete (memory[3], std::align_val_t{64});
  for (const char* name : {"1 x calloc", "1 x realloc", "2 x aligned_alloc", "1 x posix_memalign"})
    EXPECT_NE(noises.find(name), std::string::npos) << name << " is not in\n" << noises;
}

TEST(Quiet, MemoryThatIsGivenBackIsNoted) {
  auto made = std::make_unique<int>(1);
  const std::string noises = noises_of([&] { made.reset(); });
  EXPECT_TRUE(starts_with(noises, "1 x free in process()\n")) << noises;
}

TEST(Quiet, ALockIsNoted) {
  std::mutex mutex;
  const std::string noises = noises_of([&] { const std::lock_guard lock(mutex); });
  EXPECT_TRUE(starts_with(noises, "1 x pthread_mutex_lock in process()\n")) << noises;
}

TEST(Quiet, ALookAtTheClockIsNoted) {
  const std::string noises = noises_of([] { (void)std::chrono::steady_clock::now(); });
  EXPECT_TRUE(starts_with(noises, "1 x clock_gettime in process()\n")) << noises;
}

TEST(Quiet, ASystemCallIsNotedAndMadeAllTheSame) {
  if (!watch_system_calls()) GTEST_SKIP() << "this kernel has no syscall user dispatch";
  long parent = 0;
  const std::string noises = noises_of([&] { parent = ::syscall(SYS_getppid); });
  EXPECT_TRUE(starts_with(noises, "1 x system call " + std::to_string(SYS_getppid) + " in process()\n"))
      << noises;
  EXPECT_EQ(parent, ::getppid());
}

TEST(Quiet, ALineThatIsLoggedIsNoted) {
  if (!watch_system_calls()) GTEST_SKIP() << "this kernel has no syscall user dispatch";
  ssize_t written = -1;
  const std::string noises = noises_of([&] { written = ::write(STDERR_FILENO, "", 0); });
  EXPECT_EQ(written, 0);
  EXPECT_NE(noises.find("1 x system call " + std::to_string(SYS_write)), std::string::npos) << noises;
}

void allocate_and_process(Worker& worker, const Snapshot& snapshot, Now now, Burst& burst,
                          StageClock* clock) noexcept {
  keep(std::make_unique<int>(1).get());
  process(worker, snapshot, now, burst, clock);
}

TEST(Quiet, ARigTellsInWhatTrafficItWasNotQuiet) {
  Rig rig;
  rig.run = allocate_and_process;
  path_mark.traffic = "media";
  rig.send(udp("198.51.100.7:40000", "10.10.0.100:8000"));
  path_mark.traffic = "";
  const std::string noises = take_noises();
  EXPECT_NE(noises.find("1 x malloc in process(), traffic: media\n"), std::string::npos) << noises;
  EXPECT_NE(noises.find("1 x free in process(), traffic: media\n"), std::string::npos) << noises;
}

TEST(Quiet, AnotherThreadIsWatchedOnceItAsks) {
  if (!watch_system_calls()) GTEST_SKIP() << "this kernel has no syscall user dispatch";
  std::thread([] {
    watch_system_calls();
    path_mark.traffic = "a thread of its own";
    const OnPacketPath here("housekeep()");
    ::syscall(SYS_gettid);
  }).join();
  const std::string noises = take_noises();
  EXPECT_TRUE(starts_with(noises, "1 x system call " + std::to_string(SYS_gettid) +
                                      " in housekeep(), traffic: a thread of its own\n"))
      << noises;
}

}  // namespace
}  // namespace lb::test
