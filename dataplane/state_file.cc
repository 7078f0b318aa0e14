// SPDX-License-Identifier: MIT
#include "dataplane/state_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "dataplane/state_findings.h"

namespace dataplane {
namespace {

lb::Error failed(const std::string& what, const std::string& path) {
  return {"state file " + path + ": " + what + ": " + std::strerror(errno)};
}

}  // namespace

StateFile::StateFile(StateFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      memory_(std::exchange(other.memory_, {})),
      segment_(std::move(other.segment_)),
      mended_(other.mended_),
      rejected_(std::move(other.rejected_)) {}

StateFile::~StateFile() {
  unmap();
  if (fd_ >= 0) ::close(fd_);
}

void StateFile::unmap() {
  if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
  memory_ = {};
}

lb::Status StateFile::lock(const std::string& path) {
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) return failed("cannot open", path);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  if (::fcntl(fd_, F_OFD_SETLK, &lock) == 0) return lb::Nothing{};
  if (errno == EAGAIN || errno == EACCES) return lb::Error{"state file " + one_line(state_in_use(path))};
  return failed("cannot lock", path);
}

lb::Status StateFile::map(size_t bytes, const std::string& path) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (memory == MAP_FAILED) return failed("cannot map", path);
  memory_ = {static_cast<std::byte*>(memory), bytes};
  ::madvise(memory, bytes, MADV_HUGEPAGE);
  return lb::Nothing{};
}

lb::Result<StateFile> StateFile::open(const std::string& path, const lb::SegmentGeometry& geometry,
                                      lb::Now now) {
  if (const std::string problem = geometry.problem(); !problem.empty()) return lb::Error{problem};
  std::error_code error;
  const auto folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && std::filesystem::create_directories(folder, error))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) return lb::Error{"state file " + path + ": cannot make its folder: " + error.message()};

  StateFile file;
  if (auto locked = file.lock(path); !locked) return lb::Error{locked.error()};
  struct stat status {};
  if (::fstat(file.fd_, &status) != 0) return failed("cannot stat", path);
  // Whoever else could write to it could make workers read beyond the tables.
  if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid())
    return lb::Error{"state file " + one_line(state_not_ours(path))};
  const auto length = static_cast<size_t>(status.st_size);
  if (length > 0) {
    if (auto mapped = file.map(length, path); !mapped) return lb::Error{mapped.error()};
    auto segment = lb::Segment::attach(file.memory_, geometry, now);
    if (segment) {
      file.segment_.emplace(std::move(segment).value());
      file.mended_ = lb::mend(*file.segment_, now);
      return file;
    }
    file.rejected_ = segment.error();
    file.unmap();
    std::filesystem::rename(path, path + ".rejected", error);
    if (error) return lb::Error{"state file " + path + ": cannot move it aside: " + error.message()};
    ::close(std::exchange(file.fd_, -1));
    if (auto locked = file.lock(path); !locked) return lb::Error{locked.error()};
  }
  if (::ftruncate(file.fd_, static_cast<off_t>(geometry.bytes())) != 0) return failed("cannot size", path);
  if (auto mapped = file.map(geometry.bytes(), path); !mapped) return lb::Error{mapped.error()};
  uint64_t seed = 0;
  if (::getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) return failed("no random seed for", path);
  auto segment = lb::Segment::format(file.memory_, geometry, seed, now);
  if (!segment) return lb::Error{segment.error()};
  file.segment_.emplace(std::move(segment).value());
  return file;
}

}  // namespace dataplane
