// SPDX-License-Identifier: MIT
#include "lb/rtmp_chunks.h"

#include <algorithm>

#include "lb/bytes.h"

namespace lb {
namespace {

constexpr unsigned kWhole = 0, kNoStreamId = 1, kContinuation = 3;  // formats of a chunk's header
constexpr size_t kMessageHeader[] = {11, 7, 3, 0};
constexpr uint32_t kExtended = 0xffffff;

constexpr bool is_command(uint8_t type) {
  return type == static_cast<uint8_t>(RtmpType::kAmf0Command) ||
         type == static_cast<uint8_t>(RtmpType::kAmf3Command);
}

// What a control message's payload has at least; 0: the type is none of those.
constexpr uint32_t control_bytes(uint8_t type) {
  switch (RtmpType{type}) {
    case RtmpType::kSetChunkSize:
    case RtmpType::kAbort:
    case RtmpType::kAcknowledgement:
    case RtmpType::kWindowSize:
      return 4;
    case RtmpType::kPeerBandwidth:
      return 5;
    default:
      return 0;
  }
}

uint32_t be24_at(const uint8_t* at) { return uint32_t{at[0]} << 16 | uint32_t{at[1]} << 8 | at[2]; }
uint32_t be32_at(const uint8_t* at) { return reinterpret_cast<const be32*>(at)->host(); }

// Of the part that tells the chunk stream's id (section 5.3.1.1).
size_t basic_header(uint8_t first) {
  const unsigned id = first & 0x3f;
  return id == 0 ? 2 : id == 1 ? 3 : 1;
}

}  // namespace

std::optional<RtmpMessage> RtmpChunks::next(std::span<const uint8_t>& bytes) noexcept {
  while (!bytes.empty() && fault_ == RtmpFault::kNone) {
    if (chunk_left_ > 0) {
      take_payload(bytes);
    } else {
      header_[header_size_++] = bytes.front();
      bytes = bytes.subspan(1);
      if (header_size_ < header_bytes()) continue;
      begin_chunk();
      header_size_ = 0;
    }
    if (chunk_left_ > 0 || fault_ != RtmpFault::kNone || stream_[current_].left > 0) continue;
    if (const auto message = end_message()) return message;
  }
  return std::nullopt;
}

bool RtmpChunks::is_between_messages() const noexcept {
  return header_size_ == 0 && chunk_left_ == 0 &&
         std::all_of(stream_.begin(), stream_.begin() + streams_,
                     [](const Stream& s) { return s.left == 0; });
}

uint8_t RtmpChunks::find(uint32_t id) const noexcept {
  for (uint8_t i = 0; i < streams_; ++i)
    if (stream_[i].id == id) return i;
  return kNobody;
}

uint32_t RtmpChunks::header_id() const noexcept {
  switch (basic_header(header_[0])) {
    case 1:
      return header_[0] & 0x3f;
    case 2:
      return 64U + header_[1];
    default:
      return 64U + header_[1] + header_[2] * 256U;
  }
}

// As far as what is there of the header tells.
size_t RtmpChunks::header_bytes() const noexcept {
  const unsigned format = header_[0] >> 6;
  const size_t basic = basic_header(header_[0]), size = basic + kMessageHeader[format];
  if (header_size_ < size) return size;
  if (format != kContinuation) return be24_at(&header_[basic]) == kExtended ? size + 4 : size;
  const uint8_t stream = find(header_id());
  return stream != kNobody && stream_[stream].extended ? size + 4 : size;
}

void RtmpChunks::begin_chunk() noexcept {
  const unsigned format = header_[0] >> 6;
  const uint8_t* const fields = &header_[basic_header(header_[0])];
  current_ = find(header_id());
  if (current_ == kNobody) {
    // librtmp begins a chunk stream without a stream id, for a ping.
    fault_ = format > kNoStreamId           ? RtmpFault::kBadChunk
             : streams_ == kMaxChunkStreams ? RtmpFault::kManyChunkStreams
                                            : RtmpFault::kNone;
    if (fault_ != RtmpFault::kNone) return;
    current_ = streams_++;
    stream_[current_] = {.id = header_id()};
  }
  Stream& stream = stream_[current_];
  const bool begins = stream.left == 0;
  const uint32_t length = format <= kNoStreamId ? be24_at(fields + 3) : stream.length;
  if (!begins && (format == kWhole || length != stream.length)) {
    fault_ = RtmpFault::kBadChunk;
    return;
  }
  if (format != kContinuation) stream.extended = be24_at(fields) == kExtended;
  if (begins) {
    if (format <= kNoStreamId) stream.type = fields[6];
    begin_message(stream, length);
  }
  chunk_left_ = std::min(stream.left, chunk_size_);
}

void RtmpChunks::begin_message(Stream& stream, uint32_t length) noexcept {
  stream.length = stream.left = length;
  if (is_command(stream.type)) {
    if (commanding_ != kNobody) fault_ = RtmpFault::kTwoCommands;
    if (length > kMaxCommand) fault_ = RtmpFault::kLongCommand;
    commanding_ = current_;
    command_size_ = 0;
  } else if (const uint32_t least = control_bytes(stream.type)) {
    if (length < least || length > control_.size()) fault_ = RtmpFault::kBadControl;
    control_size_ = 0;
  }
}

void RtmpChunks::take_payload(std::span<const uint8_t>& bytes) noexcept {
  Stream& stream = stream_[current_];
  const auto count = static_cast<uint32_t>(std::min<size_t>(bytes.size(), chunk_left_));
  if (is_command(stream.type)) {
    std::copy_n(bytes.begin(), count, command_.begin() + command_size_);
    command_size_ += count;
  } else if (control_bytes(stream.type) > 0) {
    std::copy_n(bytes.begin(), count, control_.begin() + control_size_);
    control_size_ = static_cast<uint8_t>(control_size_ + count);
  }
  bytes = bytes.subspan(count);
  stream.left -= count;
  chunk_left_ -= count;
}

std::optional<RtmpMessage> RtmpChunks::end_message() noexcept {
  const uint8_t type = stream_[current_].type;
  if (is_command(type)) {
    commanding_ = kNobody;
    return RtmpMessage{RtmpType{type}, std::span(command_).first(command_size_)};
  }
  switch (RtmpType{type}) {
    case RtmpType::kSetChunkSize:
      // SRS refuses smaller ones, too; control messages then never take two chunks.
      chunk_size_ = be32_at(control_.data()) & 0x7fffffff;
      if (chunk_size_ < kDefaultChunk) fault_ = RtmpFault::kBadControl;
      break;
    case RtmpType::kAbort:
      abort(be32_at(control_.data()));
      break;
    case RtmpType::kWindowSize:
    case RtmpType::kPeerBandwidth:
      return RtmpMessage{RtmpType{type}, std::span(control_).first(control_size_)};
    default:
      break;
  }
  return std::nullopt;
}

// Section 5.4.2: what has come of the chunk stream's message is void.
void RtmpChunks::abort(uint32_t id) noexcept {
  const uint8_t stream = find(id);
  if (stream == kNobody) return;
  stream_[stream].left = 0;
  if (commanding_ == stream) commanding_ = kNobody;
}

}  // namespace lb
