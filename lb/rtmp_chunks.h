// SPDX-License-Identifier: MIT
// RTMP messages out of their chunks (Adobe's RTMP 1.0, section 5.3), as far as a reader on the way needs them: commands and
// what the two ends tell each other about windows. Media, data and user control messages are passed over, of any length.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "lb/rtmp_fault.h"

namespace lb {

enum class RtmpType : uint8_t {
  kSetChunkSize = 1,
  kAbort = 2,
  kAcknowledgement = 3,
  kWindowSize = 5,
  kPeerBandwidth = 6,
  kAmf3Command = 17,
  kAmf0Command = 20,
};

struct RtmpMessage {
  RtmpType type;  // kWindowSize, kPeerBandwidth, or a command
  std::span<const uint8_t> payload;
};

class RtmpChunks {
 public:
  static constexpr uint32_t kDefaultChunk = 128;
  static constexpr size_t kMaxCommand =
      2048;  // bytes; Flash's connect with page, token and signature is below 1,000
  static constexpr size_t kMaxChunkStreams = 16;  // clients use up to five before they name a stream

  // Takes bytes away from the front of `bytes`, up to the end of a message or all of them.
  // returns  a message, valid until the next call; nullopt: give more, unless fault() says that nobody can go on
  // cost     a copy of commands, a search of kMaxChunkStreams per chunk; no allocation
  std::optional<RtmpMessage> next(std::span<const uint8_t>& bytes) noexcept;

  [[nodiscard]] RtmpFault fault() const noexcept { return fault_; }
  // Of the chunks to come, 128 or more.
  [[nodiscard]] uint32_t chunk_size() const noexcept { return chunk_size_; }
  // No message and no chunk has begun that has not ended.
  [[nodiscard]] bool is_between_messages() const noexcept;

 private:
  struct Stream {
    uint32_t id = 0;
    uint32_t length = 0;  // of its last message
    uint32_t left = 0;    // what is still to come of it
    uint8_t type = 0;
    bool extended = false;  // its chunks carry an extended timestamp
  };
  static constexpr size_t kMaxHeader = 18;
  static constexpr uint8_t kNobody = 0xff;

  [[nodiscard]] uint8_t find(uint32_t id) const noexcept;
  [[nodiscard]] uint32_t header_id() const noexcept;
  [[nodiscard]] size_t header_bytes() const noexcept;
  void begin_chunk() noexcept;
  void begin_message(Stream& stream, uint32_t length) noexcept;
  void take_payload(std::span<const uint8_t>& bytes) noexcept;
  std::optional<RtmpMessage> end_message() noexcept;
  void abort(uint32_t id) noexcept;

  RtmpFault fault_ = RtmpFault::kNone;
  uint8_t header_size_ = 0, streams_ = 0;
  uint32_t chunk_size_ = kDefaultChunk;
  uint32_t chunk_left_ = 0;       // payload of the chunk that is being read
  uint8_t current_ = 0;           // whose chunk was begun last
  uint8_t commanding_ = kNobody;  // whose command is in command_
  uint8_t control_size_ = 0;
  uint32_t command_size_ = 0;
  std::array<uint8_t, 8> control_;
  std::array<uint8_t, kMaxHeader> header_;
  std::array<Stream, kMaxChunkStreams> stream_;
  std::array<uint8_t, kMaxCommand> command_;
};

}  // namespace lb
