// SPDX-License-Identifier: MIT
// The messages that Cleat sends to an RTMP client in a server's place. Each is one chunk of at most 128 bytes with a whole
// header: some players carry the chunk size of an earlier connection into the next one, and would misread two chunks.
#pragma once

#include <cstdint>

#include "lb/byte_sink.h"

namespace lb {

inline constexpr double kRtmpStreamId = 1;  // what SRS and nginx-rtmp call every stream

// What a client is told before it is known which server it gets: SRS's own figures.
inline constexpr uint32_t kRtmpWindow = 2'500'000;  // bytes
inline constexpr uint8_t kRtmpDynamicLimit = 2;     // Adobe's RTMP 1.0, section 5.4.5

// size   128..2^31-1
void put_rtmp_chunk_size(ByteSink& out, uint32_t size) noexcept;
void put_rtmp_window(ByteSink& out, uint32_t bytes) noexcept;
void put_rtmp_bandwidth(ByteSink& out, uint32_t bytes, uint8_t limit) noexcept;

// transaction      of the command that is answered
// object_encoding  the client's own: 0 or 3
void put_rtmp_connect_result(ByteSink& out, double transaction, double object_encoding) noexcept;
void put_rtmp_stream_result(ByteSink& out, double transaction) noexcept;
// Of releaseStream, FCPublish, _checkbw and whatever else wants an answer to go on.
void put_rtmp_empty_result(ByteSink& out, double transaction) noexcept;

}  // namespace lb
