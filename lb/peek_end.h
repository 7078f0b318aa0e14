// SPDX-License-Identifier: MIT
// How a connection that Cleat accepted itself (lb/peek.h) ended before it was a flow like others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lb {

// Why a connection was not joined, or not for long. Names are what operators see.
enum class PeekEnd : uint8_t {
  kJoined,         // none of the others: all is well
  kNotUnderstood,  // its first bytes are no protocol that names a stream
  kTooLong,        // what names the stream is not among its first 20 KB
  kTooSlow,        // nor within the time for it
  kPushedOut,      // too many at once, and it had been at it for longest
  kClientLeft,     // closed or reset before
  kNoServer,       // no server of the pool takes new sessions
  kNoPort,         // no LIP port is free
  kTableFull,      // nor a place in the flow table
  kRefused,        // by the server
  kServerSilent,   // it did not answer
  kServerDiffers,  // RTMP: it answers otherwise than the client was told
  kNotTaken,       // a side did not acknowledge what Cleat sent it
  kCount
};
inline constexpr std::array<std::string_view, static_cast<size_t>(PeekEnd::kCount)> kPeekEndNames = {
    "joined",  "not_understood", "too_long", "too_slow",      "pushed_out",     "client_left", "no_server",
    "no_port", "table_full",     "refused",  "server_silent", "server_differs", "not_taken"};

}  // namespace lb
