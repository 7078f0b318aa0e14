// SPDX-License-Identifier: MIT
// Why an RTMP connection could not be led to a server by its stream.
#pragma once

#include <cstdint>
#include <string_view>

namespace lb {

// clang-format off
#define CLEAT_RTMP_FAULTS(X)                                                                          \
  X(kNone,             "none",               "nothing is wrong")                                         \
  X(kNotRtmp,          "not_rtmp",           "the client's first byte is not RTMP's version, 3")         \
  X(kEncrypted,        "rtmp_encrypted",     "RTMPE or RTMPS: the stream's name cannot be read")         \
  X(kTunnelled,        "rtmp_tunnelled",     "RTMPT: RTMP in HTTP requests")                             \
  X(kRawFull,          "rtmp_long_opening",  "the client said more than is kept before it named a stream") \
  X(kBadChunk,         "rtmp_bad_chunk",     "a chunk that continues no message, or breaks into one")    \
  X(kManyChunkStreams, "rtmp_chunk_streams", "more chunk streams than are kept")                         \
  X(kLongCommand,      "rtmp_long_command",  "a command longer than is kept")                            \
  X(kTwoCommands,      "rtmp_two_commands",  "a command begins inside another")                          \
  X(kBadControl,       "rtmp_bad_control",   "a control message of a wrong length, or a chunk size below 128") \
  X(kBadCommand,       "rtmp_bad_command",   "a command whose AMF cannot be read, or a second connect")  \
  X(kNoConnect,        "rtmp_no_connect",    "a command before connect")                                 \
  X(kNoStreamId,       "rtmp_no_stream_id",  "publish or play before createStream")                      \
  X(kBadName,          "rtmp_bad_name",      "host, app or stream is missing or too long")               \
  X(kManyAnswers,      "rtmp_many_answers",  "more is to be answered than there is room for")            \
  X(kServerNotRtmp,    "server_not_rtmp",    "the server's first byte is not RTMP's version, 3")         \
  X(kServerRefused,    "server_refused",     "the server answered connect or createStream with an error") \
  X(kServerStreamId,   "server_stream_id",   "the server gave another stream id than the client was told") \
  X(kServerInterleaved,"server_interleaved", "the server's createStream answer ends inside another message")
// clang-format on

enum class RtmpFault : uint8_t {
#define X(id, name, text) id,
  CLEAT_RTMP_FAULTS(X)
#undef X
      kCount
};

// The name that operators see, e.g. "rtmp_bad_chunk".
std::string_view rtmp_fault_name(RtmpFault fault) noexcept;
// One line that explains it.
std::string_view rtmp_fault_text(RtmpFault fault) noexcept;

}  // namespace lb
