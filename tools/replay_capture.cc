// SPDX-License-Identifier: MIT
#include "tools/replay_capture.h"

#include <pcap/pcap.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace replay {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr int kSnapLength = 262144;  // what tcpdump writes

}  // namespace

struct CaptureReader::File {
  std::string name;
  pcap* handle = nullptr;
  lb::PortIndex port = 0;
  uint64_t read = 0;
  bool ended = false;
  CapturedFrame frame;

  ~File() {
    if (handle != nullptr) pcap_close(handle);
  }
};

CaptureReader::CaptureReader() = default;
CaptureReader::~CaptureReader() = default;

lb::Status CaptureReader::add(lb::PortIndex port, const std::string& name) {
  std::array<char, PCAP_ERRBUF_SIZE> why{};
  auto file = std::make_unique<File>();
  file->name = name;
  file->port = port;
  file->handle =
      pcap_open_offline_with_tstamp_precision(name.c_str(), PCAP_TSTAMP_PRECISION_NANO, why.data());
  if (file->handle == nullptr) {
    const std::string reason = why.data();
    return lb::Error{reason.find(name) == std::string::npos ? name + ": " + reason : reason};
  }
  if (const int link = pcap_datalink(file->handle); link != DLT_EN10MB) {
    const char* text = pcap_datalink_val_to_name(link);
    return lb::Error{name + ": its link type is " + (text == nullptr ? std::to_string(link) : text) +
                     ", but only Ethernet (EN10MB) can be replayed"};
  }
  advance(*file);
  if (!error_.empty()) return lb::Error{error_};
  files_.push_back(std::move(file));
  return lb::Nothing{};
}

void CaptureReader::advance(File& file) {
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  const int got = pcap_next_ex(file.handle, &header, &bytes);
  file.ended = got != 1;
  if (got == PCAP_ERROR) error_ = file.name + ": " + pcap_geterr(file.handle);
  if (file.ended) return;
  // In a file opened for nanoseconds tv_usec holds them.
  file.frame.time_ns =
      static_cast<uint64_t>(header->ts.tv_sec) * kNsPerSecond + static_cast<uint64_t>(header->ts.tv_usec);
  file.frame.file_number = ++file.read;
  file.frame.port = file.port;
  file.frame.wire_length = header->len;
  file.frame.bytes = {bytes, header->caplen};
}

bool CaptureReader::next(CapturedFrame& frame) {
  if (given_ != nullptr) advance(*given_);
  given_ = nullptr;
  if (!error_.empty()) return false;
  for (const auto& file : files_)
    if (!file->ended && (given_ == nullptr || file->frame.time_ns < given_->frame.time_ns))
      given_ = file.get();
  if (given_ == nullptr) return false;
  frame = given_->frame;
  frame.number = ++number_;
  return true;
}

CaptureWriter::CaptureWriter(std::string file, pcap* handle, pcap_dumper* dumper)
    : file_(std::move(file)), handle_(handle), dumper_(dumper) {}

lb::Result<std::unique_ptr<CaptureWriter>> CaptureWriter::create(const std::string& file) {
  pcap* handle = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, kSnapLength, PCAP_TSTAMP_PRECISION_NANO);
  if (handle == nullptr) return lb::Error{file + ": no memory"};
  pcap_dumper* dumper = pcap_dump_open(handle, file.c_str());
  if (dumper == nullptr) {
    const std::string why = pcap_geterr(handle);
    pcap_close(handle);
    return lb::Error{why};
  }
  return std::unique_ptr<CaptureWriter>(new CaptureWriter(file, handle, dumper));
}

CaptureWriter::~CaptureWriter() {
  if (dumper_ != nullptr) pcap_dump_close(dumper_);
  pcap_close(handle_);
}

void CaptureWriter::write(uint64_t time_ns, std::span<const uint8_t> frame) {
  pcap_pkthdr header{};
  header.ts.tv_sec = static_cast<time_t>(time_ns / kNsPerSecond);
  header.ts.tv_usec = static_cast<suseconds_t>(time_ns % kNsPerSecond);
  header.caplen = static_cast<bpf_u_int32>(frame.size());
  header.len = header.caplen;
  pcap_dump(reinterpret_cast<u_char*>(dumper_), &header, frame.data());
}

lb::Status CaptureWriter::close() {
  const bool flushed = pcap_dump_flush(dumper_) == 0 && std::ferror(pcap_dump_file(dumper_)) == 0;
  const int reason = errno;
  pcap_dump_close(dumper_);
  dumper_ = nullptr;
  if (!flushed) return lb::Error{file_ + ": cannot write: " + std::strerror(reason)};
  return lb::Nothing{};
}

}  // namespace replay
