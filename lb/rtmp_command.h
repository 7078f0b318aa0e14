// SPDX-License-Identifier: MIT
// RTMP's commands (Adobe's RTMP 1.0, section 7.2), as far as they lead to a stream.
#pragma once

#include <optional>
#include <string_view>

#include "lb/amf0.h"
#include "lb/rtmp_chunks.h"

namespace lb {

struct RtmpCommand {
  std::string_view name;
  double transaction = 0;  // 0: no answer is wanted
  Amf0Reader arguments;    // the command object, and what the command adds
};

// message  a command; the result points into it
// returns  nullopt: it begins with no name and number, or is AMF 3 throughout
std::optional<RtmpCommand> read_rtmp_command(const RtmpMessage& message) noexcept;

struct RtmpConnect {
  std::string_view app, tc_url;  // empty: not given
  double object_encoding = 0;
};
// What connect's command object says (section 7.2.1.1). nullopt: there is none, or it is damaged
std::optional<RtmpConnect> read_rtmp_connect(Amf0Reader arguments) noexcept;

// The string behind the command object: a stream's name with its parameters.
std::optional<std::string_view> read_rtmp_stream_name(Amf0Reader arguments) noexcept;

// The number behind the command object: what createStream's _result is told from others by.
std::optional<double> read_rtmp_stream_id(Amf0Reader arguments) noexcept;

}  // namespace lb
