// SPDX-License-Identifier: MIT
// Writes packets into a pcapng file (draft-ietf-opsawg-pcapng), each on an interface and with a comment. libpcap, which writes
// the older format only, has neither comments nor names of interfaces; it reads this one, and so do tcpdump and Wireshark.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lb/result.h"

namespace cleatctl {

class PcapngFile {
 public:
  enum class Direction : uint32_t { kIn = 1, kOut = 2 };  // epb_flags, section 4.3.1

  // path        made with mode 0600, for what is in it came from clients; what was there before is gone
  // interfaces  their names; Ethernet
  // snaplen     bytes kept of a packet at most, 1..65535
  // error       one line that names the file
  static lb::Result<PcapngFile> create(const std::string& path, const std::vector<std::string>& interfaces,
                                       uint32_t snaplen);

  // interface   its place in the list above
  // epoch_ms    since 1970
  // size_bytes  of the packet; `bytes` are its first
  // comment     UTF-8, up to 65535 bytes
  void add(uint32_t interface, uint64_t epoch_ms, uint32_t size_bytes, std::span<const uint8_t> bytes,
           Direction direction, const std::string& comment);
  // Writes what is still in memory. error  the file is not complete, and why
  lb::Status flush();

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  PcapngFile(std::string path, File file) : path_(std::move(path)), file_(std::move(file)) {}
  void put(const std::vector<uint8_t>& block);

  std::string path_;
  File file_;
  int error_ = 0;  // the first errno of a write
};

}  // namespace cleatctl
