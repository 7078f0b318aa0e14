// SPDX-License-Identifier: MIT
// Captures in and out: pcap and pcapng files of Ethernet frames, read in the order of their timestamps, written
// as pcap with nanoseconds. Files only, by libpcap.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lb/frame.h"
#include "lb/result.h"

struct pcap;
struct pcap_dumper;

namespace replay {

// One frame of a capture. `bytes` is valid until the next call of CaptureReader::next().
struct CapturedFrame {
  uint64_t number = 0;       // in the merged order, from 1
  uint64_t file_number = 0;  // in its own file, from 1: the number that Wireshark shows
  uint64_t time_ns = 0;      // as captured; may be less than that of the frame before it in the same file
  lb::PortIndex port = 0;
  uint32_t wire_length = 0;        // bytes it had on the wire, >= bytes.size()
  std::span<const uint8_t> bytes;  // what was captured of it
};

// Several files, merged by timestamp; of equal timestamps the file that was added first goes first.
class CaptureReader {
 public:
  CaptureReader();
  ~CaptureReader();

  // error  the file cannot be read, or is no capture of Ethernet frames
  lb::Status add(lb::PortIndex port, const std::string& file);

  // False at the end, and after an error: see error().
  bool next(CapturedFrame& frame);
  // "" or why reading ended early: a file that is cut off in the middle of a frame, for example.
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  struct File;
  void advance(File& file);

  std::vector<std::unique_ptr<File>> files_;
  File* given_ = nullptr;  // whose frame was returned last, and must be moved on before the next one
  uint64_t number_ = 0;
  std::string error_;
};

// One file being written.
class CaptureWriter {
 public:
  static lb::Result<std::unique_ptr<CaptureWriter>> create(const std::string& file);
  ~CaptureWriter();
  CaptureWriter(const CaptureWriter&) = delete;
  CaptureWriter& operator=(const CaptureWriter&) = delete;

  void write(uint64_t time_ns, std::span<const uint8_t> frame);
  // Everything is in the file, or an error says why not. REQUIRES: called last.
  lb::Status close();

 private:
  CaptureWriter(std::string file, pcap* handle, pcap_dumper* dumper);

  std::string file_;
  pcap* handle_;
  pcap_dumper* dumper_;
};

}  // namespace replay
