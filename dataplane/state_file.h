// SPDX-License-Identifier: MIT
// The state segment as a file: made, locked, mapped, taken over from an earlier process.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "lb/mend.h"
#include "lb/result.h"
#include "lb/segment.h"

namespace dataplane {

class StateFile {
 public:
  StateFile() = default;
  StateFile(StateFile&& other) noexcept;
  StateFile& operator=(StateFile&&) = delete;
  ~StateFile();

  // Opens `path`, or makes it with its folder (0700; the file 0600). The file is locked (OFD) until the process ends: a
  // second daemon on the same path is an error. A file that cannot be taken over is moved to "<path>.rejected" and a
  // fresh one is made; rejected() says why.
  static lb::Result<StateFile> open(const std::string& path, const lb::SegmentGeometry& geometry,
                                    lb::Now now);

  [[nodiscard]] lb::Segment& segment() { return *segment_; }
  // What was mended; nullopt for a fresh file.
  [[nodiscard]] const std::optional<lb::MendReport>& mended() const { return mended_; }
  // Why a file that was there before is not used; empty if it is, or there was none.
  [[nodiscard]] const std::string& rejected() const { return rejected_; }

 private:
  lb::Status lock(const std::string& path);
  lb::Status map(size_t bytes, const std::string& path);
  void unmap();

  int fd_ = -1;
  std::span<std::byte> memory_;
  std::optional<lb::Segment> segment_;
  std::optional<lb::MendReport> mended_;
  std::string rejected_;
};

}  // namespace dataplane
