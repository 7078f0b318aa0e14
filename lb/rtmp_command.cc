// SPDX-License-Identifier: MIT
#include "lb/rtmp_command.h"

namespace lb {

std::optional<RtmpCommand> read_rtmp_command(const RtmpMessage& message) noexcept {
  auto payload = message.payload;
  // A command "of AMF 3" is a byte of zero and AMF 0, in which single values may be AMF 3.
  if (message.type == RtmpType::kAmf3Command && !payload.empty() && payload[0] == 0)
    payload = payload.subspan(1);
  Amf0Reader reader(payload);
  const auto name = reader.string();
  const auto transaction = reader.number();
  if (!name || !transaction) return std::nullopt;
  return RtmpCommand{*name, *transaction, reader};
}

std::optional<RtmpConnect> read_rtmp_connect(Amf0Reader arguments) noexcept {
  RtmpConnect connect;
  if (!arguments.object()) return std::nullopt;
  while (const auto key = arguments.key()) {
    if (*key == "app" && arguments.is_next_string())
      connect.app = arguments.string().value_or("");
    else if (*key == "tcUrl" && arguments.is_next_string())
      connect.tc_url = arguments.string().value_or("");
    else if (*key == "objectEncoding" && arguments.is_next_number())
      connect.object_encoding = arguments.number().value_or(0);
    else
      arguments.skip();
  }
  if (arguments.failed()) return std::nullopt;
  return connect;
}

std::optional<std::string_view> read_rtmp_stream_name(Amf0Reader arguments) noexcept {
  if (!arguments.skip() || !arguments.is_next_string()) return std::nullopt;
  return arguments.string();
}

std::optional<double> read_rtmp_stream_id(Amf0Reader arguments) noexcept {
  if (!arguments.skip() || !arguments.is_next_number()) return std::nullopt;
  return arguments.number();
}

}  // namespace lb
