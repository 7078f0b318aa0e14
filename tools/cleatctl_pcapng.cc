// SPDX-License-Identifier: MIT
#include "tools/cleatctl_pcapng.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cleatctl {
namespace {

// One block in the host's byte order, which the section header tells by its magic (section 4.1).
class Block {
 public:
  explicit Block(uint32_t type) {
    u32(type);
    u32(0);  // its length, once it is known
  }
  Block& u16(uint16_t value) { return raw(&value, sizeof value); }
  Block& u32(uint32_t value) { return raw(&value, sizeof value); }
  Block& padded(const void* data, size_t length) {
    raw(data, length);
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
    return *this;
  }
  Block& option(uint16_t code, const void* data, size_t length) {
    return u16(code).u16(static_cast<uint16_t>(length)).padded(data, length);
  }
  std::vector<uint8_t> done() {
    const auto length = static_cast<uint32_t>(bytes_.size() + sizeof(uint32_t));
    std::memcpy(&bytes_[sizeof(uint32_t)], &length, sizeof length);
    u32(length);
    return std::move(bytes_);
  }

 private:
  Block& raw(const void* data, size_t length) {
    const auto* at = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), at, at + length);
    return *this;
  }
  std::vector<uint8_t> bytes_;
};

constexpr uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kPacket = 6, kMagic = 0x1a2b3c4d;
constexpr uint16_t kEndOfOptions = 0, kComment = 1, kPacketFlags = 2, kInterfaceName = 2, kTimeUnit = 9;
constexpr uint16_t kEthernet = 1;  // LINKTYPE_ETHERNET

std::vector<uint8_t> section_header() {
  constexpr uint32_t kLengthUnknown = 0xffffffff;
  return Block(kSectionHeader).u32(kMagic).u16(1).u16(0).u32(kLengthUnknown).u32(kLengthUnknown).done();
}

std::vector<uint8_t> interface_block(const std::string& name, uint32_t snaplen) {
  constexpr uint8_t kMilliseconds = 3;
  Block block(kInterface);
  block.u16(kEthernet).u16(0).u32(snaplen);
  block.option(kInterfaceName, name.data(), name.size());
  return block.option(kTimeUnit, &kMilliseconds, 1).option(kEndOfOptions, nullptr, 0).done();
}

}  // namespace

lb::Result<PcapngFile> PcapngFile::create(const std::string& path, const std::vector<std::string>& interfaces,
                                          uint32_t snaplen) {
  const int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  File file(fd < 0 ? nullptr : ::fdopen(fd, "wb"), &std::fclose);
  if (!file) return lb::Error{path + ": cannot be written: " + std::strerror(errno)};
  PcapngFile made(path, std::move(file));
  made.put(section_header());
  for (const std::string& name : interfaces) made.put(interface_block(name, snaplen));
  if (const lb::Status flushed = made.flush(); !flushed) return lb::Error{flushed.error()};
  return made;
}

void PcapngFile::add(uint32_t interface, uint64_t epoch_ms, uint32_t size_bytes,
                     std::span<const uint8_t> bytes, Direction direction, const std::string& comment) {
  const auto flags = static_cast<uint32_t>(direction);
  Block block(kPacket);
  block.u32(interface)
      .u32(static_cast<uint32_t>(epoch_ms >> 32))
      .u32(static_cast<uint32_t>(epoch_ms))
      .u32(static_cast<uint32_t>(bytes.size()))
      .u32(size_bytes)
      .padded(bytes.data(), bytes.size())
      .option(kComment, comment.data(), std::min<size_t>(comment.size(), UINT16_MAX))
      .option(kPacketFlags, &flags, sizeof flags)
      .option(kEndOfOptions, nullptr, 0);
  put(block.done());
}

void PcapngFile::put(const std::vector<uint8_t>& block) {
  if (std::fwrite(block.data(), 1, block.size(), file_.get()) != block.size() && error_ == 0) error_ = errno;
}

lb::Status PcapngFile::flush() {
  if (std::fflush(file_.get()) != 0 && error_ == 0) error_ = errno;
  if (error_ == 0) return lb::Nothing{};
  return lb::Error{path_ + ": not written to its end: " + std::strerror(error_)};
}

}  // namespace cleatctl
