// SPDX-License-Identifier: MIT
// What this process may do, and what the machine has for it: cpus, capabilities, locked memory, huge pages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dataplane {

struct HugePages {
  uint64_t size_kb = 2048;
  uint64_t total = 0, free = 0;
};

struct MachineFacts {
  std::vector<unsigned> cpus;      // that this process may run on
  std::vector<unsigned> isolated;  // that the scheduler leaves alone (isolcpus=)
  uint64_t capabilities = 0;       // effective, a bit each (linux/capability.h)
  uint64_t memlock_bytes = 0;      // RLIMIT_MEMLOCK; all ones: no limit
  bool tun = false;                // /dev/net/tun is there
  std::vector<HugePages> huge_pages;
  std::string huge_mount;  // where a hugetlbfs is mounted; empty: nowhere
  std::string program;     // full path of the running program
};

// root  "" or, for tests, the folder that stands for "/"
MachineFacts read_machine(const std::string& root = "");

// One line of /proc/self/mountinfo: what file system holds a path.
struct Mount {
  std::string point, type, options;  // options of the file system: "rw,size=1024k,huge=advise"
};
// The mount that holds `path`: the longest mount point that begins it, of equals the last. Empty if none does.
// mountinfo  its whole text (proc(5))
Mount mount_of(const std::string& path, const std::string& mountinfo);

}  // namespace dataplane
