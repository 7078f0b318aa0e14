// SPDX-License-Identifier: MIT
#include "tools/bench_memory.h"

#include <sys/mman.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace bench {
namespace {

constexpr size_t kHuge = size_t{2} << 20;

}  // namespace

Memory::Memory(size_t bytes, bool huge) : size_((bytes + kHuge - 1) & ~(kHuge - 1)) {
  void* memory = ::mmap(nullptr, size_ + kHuge, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("cleat-bench: mmap");
    std::exit(1);
  }
  const auto at = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t aligned = (at + kHuge - 1) & ~(kHuge - 1);
  if (aligned > at) ::munmap(memory, aligned - at);
  if (const size_t rest = at + kHuge - aligned; rest > 0)
    ::munmap(reinterpret_cast<void*>(aligned + size_), rest);
  begin_ = reinterpret_cast<std::byte*>(aligned);
  ::madvise(begin_, size_, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

Memory::~Memory() { ::munmap(begin_, size_); }

// A kernel before 5.14 refuses: pages then come as they are touched.
void Memory::touch() const { ::madvise(begin_, size_, MADV_POPULATE_WRITE); }

std::string Memory::backing() const {
  std::ifstream smaps("/proc/self/smaps");
  uint64_t present_kb = 0, huge_kb = 0, value = 0;
  bool ours = false;
  for (std::string line; std::getline(smaps, line);) {
    uint64_t first = 0, last = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64, &first, &last) == 2) {
      const auto begin = reinterpret_cast<uintptr_t>(begin_);
      ours = first >= begin && first < begin + size_;
    } else if (ours && std::sscanf(line.c_str(), "Rss: %" SCNu64, &value) == 1) {
      present_kb += value;
    } else if (ours && std::sscanf(line.c_str(), "AnonHugePages: %" SCNu64, &value) == 1) {
      huge_kb += value;
    }
  }
  if (huge_kb == 0 || present_kb == 0) return "4 KB pages";
  return "huge pages (" + std::to_string(100 * huge_kb / present_kb) + " %)";
}

}  // namespace bench
