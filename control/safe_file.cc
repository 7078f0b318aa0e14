// SPDX-License-Identifier: MIT
#include "control/safe_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace control {
namespace {

lb::Error error_of(const std::string& file) { return lb::Error{file + ": " + std::strerror(errno)}; }

// Closes at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

lb::Status write_new(const std::string& file, std::string_view text, mode_t mode) {
  Descriptor fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) return error_of(file);
  if (!write_all(fd.get(), text) || ::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0 || !fd.close())
    return error_of(file);
  return lb::Nothing{};
}

}  // namespace

lb::Result<std::string> read_file(const std::string& file, size_t most_bytes, bool* missing) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (missing != nullptr) *missing = fd.get() < 0 && errno == ENOENT;
  if (fd.get() < 0) return error_of(file);
  std::string text;
  char piece[16 * 1024];
  while (text.size() <= most_bytes) {
    const ssize_t n = ::read(fd.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error_of(file);
    if (n == 0) return text;
    text.append(piece, static_cast<size_t>(n));
  }
  return lb::Error{file + ": longer than " + std::to_string(most_bytes) + " bytes; this is another file"};
}

lb::Status replace_file(const std::string& file, std::string_view text) {
  std::error_code error;
  std::string target = file;
  if (std::filesystem::is_symlink(file, error)) {
    target = std::filesystem::weakly_canonical(file, error).string();
    if (error) return lb::Error{file + ": " + error.message()};
  }
  struct stat former {};
  const mode_t mode = ::stat(target.c_str(), &former) == 0 ? former.st_mode & 0777 : 0644;
  const std::string beside = target + ".tmp";
  if (lb::Status written = write_new(beside, text, mode); !written) {
    ::unlink(beside.c_str());
    return written;
  }
  if (::rename(beside.c_str(), target.c_str()) != 0) {
    const lb::Error why = error_of(target);
    ::unlink(beside.c_str());
    return why;
  }
  const std::string folder = std::filesystem::path(target).parent_path().string();
  const Descriptor fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return error_of(folder);
  return lb::Nothing{};
}

}  // namespace control
