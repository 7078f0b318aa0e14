// SPDX-License-Identifier: MIT
// Memory for cleat-bench on pages of 4 KB, as a state file on /dev/shm has them, or on huge pages; and what it got.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace bench {

class Memory {
 public:
  // Zeroed, aligned to 2 MB. Terminates the program if there is none.
  Memory(size_t bytes, bool huge);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const { return {begin_, size_}; }
  // Has the kernel give all pages now, so that nobody waits for one.
  void touch() const;
  // How it is backed now, from /proc/self/smaps: "4 KB pages", "huge pages (94 %)".
  [[nodiscard]] std::string backing() const;

 private:
  std::byte* begin_;
  size_t size_;
};

}  // namespace bench
