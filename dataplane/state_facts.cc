// SPDX-License-Identifier: MIT
#include "dataplane/state_facts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <sstream>

namespace dataplane {
namespace {

namespace fs = std::filesystem;

std::string nearest(const std::string& path) {
  std::error_code none;
  fs::path at(path);
  while (!at.empty() && at != at.parent_path() && !fs::exists(at, none)) at = at.parent_path();
  return at;
}

std::string refusal_of(int fd, size_t length, const lb::SegmentGeometry& geometry, lb::Now now) {
  void* memory = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
  if (memory == MAP_FAILED) return "";
  const auto segment = lb::Segment::attach({static_cast<std::byte*>(memory), length}, geometry, now);
  const std::string why = segment ? "" : segment.error();
  ::munmap(memory, length);
  return why;
}

}  // namespace

StateFacts read_state(const std::string& path, const lb::SegmentGeometry& geometry, lb::Now now) {
  StateFacts facts;
  facts.path = path;
  facts.bytes_wanted = geometry.bytes();
  const std::string there = nearest(path);
  facts.writable = ::access(there.c_str(), W_OK) == 0;
  struct statvfs space {};
  facts.bytes_free = ::statvfs(there.c_str(), &space) == 0 ? uint64_t{space.f_bavail} * space.f_frsize
                                                           : std::numeric_limits<uint64_t>::max();
  std::ifstream mounts("/proc/self/mountinfo");
  std::stringstream text;
  text << mounts.rdbuf();
  facts.mount = mount_of(path, text.str());

  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return facts;
  facts.exists = true;
  facts.ours = S_ISREG(status.st_mode) && status.st_uid == ::geteuid();
  if (!facts.ours) return facts;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return facts;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  facts.locked = ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  // Who runs may be resizing it.
  if (!facts.locked && status.st_size > 0)
    facts.refusal = refusal_of(fd, static_cast<size_t>(status.st_size), geometry, now);
  ::close(fd);
  return facts;
}

}  // namespace dataplane
